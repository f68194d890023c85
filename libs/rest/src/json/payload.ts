/**
 * Data of users: in the contracts bytes with a media type, in JSON the plain value. Other content is `{"$bytes":
 * base64, "mediaType"}`. Content of the blob store is `{"$blob": {"sha256", "size"}, "mediaType"}`. A value with
 * such a key is wrapped as `{"$json": value}`.
 */
import { isTooDeep, parseExactly } from "./exact.ts";
import { sourceOf } from "./slices.ts";

export interface Payload {
  readonly body:
    | { readonly $case: "inline"; readonly value: Uint8Array }
    | { readonly $case: "blob"; readonly value: Blob }
    | undefined;
  readonly mediaType: string;
}

export interface Blob {
  readonly sha256: Uint8Array;
  readonly size: number;
}

export interface BlobJson {
  readonly sha256: string;
  readonly size: number;
}

const json = "application/json";
const marks = ["$bytes", "$blob", "$json"];
const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

export function payloadToJson({ body, mediaType }: Payload): unknown {
  const named = mediaType === "" ? {} : { mediaType };
  if (body === undefined) return null;
  if (body.$case === "blob") return { $blob: blobToJson(body.value), ...named };
  if (mediaType === "" || mediaType === json) {
    const value = jsonIn(body.value);
    if (value !== undefined) return isMarked(value) ? { $json: value } : value;
  }
  return { $bytes: base64Of(body.value), mediaType: mediaType === "" ? json : mediaType };
}

/** Returns the JSON document in bytes. Undefined if there is none, or if it cannot be written again. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    const text = decoder.decode(bytes);
    return isTooDeep(text) ? undefined : parseExactly(text);
  } catch {
    return undefined;
  }
}

/** Returns the payload of a value, or its problem in words. */
export function payloadFromJson(value: unknown): Payload | string {
  if (!isMarked(value)) return inline(bytesOfJson(value), "");
  const { $bytes, $blob, $json, mediaType = "", ...others } = value;
  const [extra] = Object.keys(others);
  if (extra !== undefined) return `expected only mediaType and keys with a leading $, got ${extra}`;
  if (typeof mediaType !== "string") return "expected mediaType to be a text";
  if (Object.hasOwn(value, "$json")) return inline(bytesOfJson($json), mediaType);
  if ($bytes !== undefined) {
    const bytes = bytesOf($bytes);
    if (bytes === undefined) return "expected base64 as $bytes";
    return inline(bytes, mediaType === json ? "" : mediaType);
  }
  const blob = blobFromJson($blob);
  return typeof blob === "string" ? blob : { body: { $case: "blob", value: blob }, mediaType };
}

/** A large value keeps the text that it was read from. */
function bytesOfJson(value: unknown): Uint8Array {
  return encoder.encode(sourceOf(value) ?? JSON.stringify(value));
}

const inline = (value: Uint8Array, mediaType: string): Payload => ({
  body: { $case: "inline", value },
  mediaType,
});

export function blobToJson({ sha256, size }: Blob): BlobJson {
  return { sha256: Buffer.from(sha256).toString("hex"), size };
}

export function blobFromJson(value: unknown): Blob | string {
  const { sha256, size }: Partial<Record<string, unknown>> = isObject(value) ? value : {};
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/i.test(sha256))
    return "expected a blob as {sha256, size} with sha256 in 64 hexadecimal digits";
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    return "expected a blob as {sha256, size} with its size in bytes";
  return { sha256: Buffer.from(sha256, "hex"), size };
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Returns the bytes of base64, also in the URL alphabet. Undefined if the text is not base64. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return undefined;
  const bytes = Buffer.from(value, "base64");
  const expectedLength = Math.floor((value.replace(/=+$/, "").length * 3) / 4);
  return bytes.length === expectedLength ? bytes : undefined;
}

function isMarked(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && marks.some((mark) => Object.hasOwn(value, mark));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
