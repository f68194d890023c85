import type { Payload } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { valueBytesMax } from "../limits.ts";
import type { Data } from "./data.ts";

const noBlobs: readonly Uint8Array[] = [];

/**
 * Returns the blobs that an event names, which are kept as long as the instance: in a payload, or within JSON
 * as `{"$blob": {"sha256", "size"}}`.
 */
export function blobsOf(
  payload: Payload | undefined,
  json: Uint8Array | string | undefined = undefined,
): readonly Uint8Array[] {
  const { body, mediaType } = payload ?? {};
  if (body?.$case === "blob") return [body.value.sha256];
  const isJson = mediaType === "" || mediaType === "application/json";
  if (body?.$case === "inline" && isJson) return blobsWithin(body.value);
  return json === undefined ? noBlobs : blobsWithin(json);
}

const mark = '"$blob"';
const reference = /"\$blob"\s*:\s*\{[^{}]*?"sha256"\s*:\s*"([\da-f]{64})"/g;

/** Returns whether JSON contains the mark of a reference. */
export function mentionsBlob(json: Uint8Array | string): boolean {
  if (json.length < mark.length) return false;
  const text = typeof json === "string" ? json : Buffer.from(json.buffer, json.byteOffset, json.length);
  return text.includes(mark);
}

/** Few values have a reference, and searching bytes for the mark costs almost nothing. */
function blobsWithin(json: Uint8Array | string): readonly Uint8Array[] {
  if (!mentionsBlob(json)) return noBlobs;
  const text = typeof json === "string" ? json : Buffer.from(json).toString();
  const found = new Set([...text.matchAll(reference)].map(([, sha256 = ""]) => sha256));
  return [...found].map((sha256) => Buffer.from(sha256, "hex"));
}

/** Returns whether a payload is JSON in the blob store that is small enough for a record. */
export function isStoredValue(payload: ReadOnly<Payload> | undefined): boolean {
  const { body, mediaType } = payload ?? {};
  if (body?.$case !== "blob" || body.value.size > valueBytesMax) return false;
  return mediaType === "" || mediaType === "application/json";
}

/** Returns the payload of JSON that consists only of a reference to JSON in the blob store. */
export function storedValueIn(value: Json): Payload | undefined {
  const { $blob, ...rest } = (value ?? {}) as { readonly $blob?: Json };
  const { sha256, size } = ($blob ?? {}) as { readonly sha256?: Json; readonly size?: Json };
  if (typeof sha256 !== "string" || !hexHash.test(sha256) || typeof size !== "number") return undefined;
  if (Object.keys(rest).length > 0) return undefined;
  const blob = { sha256: Buffer.from(sha256, "hex"), size };
  return { body: { $case: "blob", value: blob }, mediaType: "" };
}

/** Returns data that consists only of a reference to JSON in the blob store as this content. Other data is unchanged. */
export function withContent(data: Data | undefined): Data | undefined {
  if (!(data instanceof Uint8Array) || data.length > referenceBytesMax || !mentionsBlob(data)) return data;
  const [, sha256, size] = onlyReference.exec(Buffer.from(data).toString()) ?? [];
  if (sha256 === undefined) return data;
  const value = { sha256: Buffer.from(sha256, "hex"), size: Number(size) };
  return { body: { $case: "blob", value }, mediaType: "" };
}

const referenceBytesMax = 200;
/** As SDKs write it. */
const onlyReference = /^\{"\$blob":\{"sha256":"([\da-f]{64})","size":(\d{1,15})\}\}$/;
const hexHash = /^[\da-f]{64}$/;

/** Returns the details of a refusal that let a result be sent again with its content. */
export function contentIn(namespace: string): { readonly details: Readonly<Record<string, string>> } {
  return { details: { content_in: namespace } };
}
