import type { Payload } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { valueBytesMax } from "../limits.ts";

const none: readonly Uint8Array[] = [];

/** Returns the blob that an event names by a payload, to be kept as long as the instance. */
export function blobsOf(payload: Payload | undefined): readonly Uint8Array[] {
  return payload?.body?.$case === "blob" ? [payload.body.value.sha256] : none;
}

/** Returns whether a payload is JSON in the blob store that a record could have in place. */
export function isStoredValue(payload: ReadOnly<Payload> | undefined): boolean {
  const { body, mediaType } = payload ?? {};
  if (body?.$case !== "blob" || body.value.size > valueBytesMax) return false;
  return mediaType === "" || mediaType === "application/json";
}

/** What a refusal says so that a result comes again with its content. */
export function contentIn(namespace: string): { readonly details: Readonly<Record<string, string>> } {
  return { details: { content_in: namespace } };
}
