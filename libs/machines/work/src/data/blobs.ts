import type { Payload } from "@tutti/contracts/types/v1";

const none: readonly Uint8Array[] = [];

/** Returns the blob that an event names by a payload, to be kept as long as the instance. */
export function blobsOf(payload: Payload | undefined): readonly Uint8Array[] {
  return payload?.body?.$case === "blob" ? [payload.body.value.sha256] : none;
}
