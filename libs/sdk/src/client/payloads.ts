import type { Payload } from "@tutti/contracts/types/v1";
import { sdkErrors } from "../errors.ts";
import { type BlobAccess, partsOf, readAll } from "../link/blobs.ts";
import { findNotJson } from "../task/json.ts";
import { StoredFile } from "../task/stored-file.ts";

/** Returns a value as the contracts carry it. Absent for none. */
export function payloadOf(value: unknown, label: string): Payload | undefined {
  if (value === undefined) return undefined;
  const wrong = findNotJson(value);
  if (wrong !== undefined) {
    const path = wrong.path.replace(/^output/, label);
    throw sdkErrors.notJson({ path, found: wrong.found });
  }
  const inline = new TextEncoder().encode(JSON.stringify(value));
  return { body: { $case: "inline", value: inline }, mediaType: "" };
}

/** Returns the value of a payload: parsed JSON, or bytes for other media types. Undefined for none. */
export function valueIn(payload: Payload | undefined): unknown {
  const { body, mediaType } = payload ?? { body: undefined, mediaType: "" };
  if (body === undefined) return undefined;
  if (body.$case === "blob") throw sdkErrors.inBlobStore({ bytes: body.value.size });
  if (mediaType !== "" && mediaType !== "application/json") return body.value;
  return body.value.length === 0 ? null : JSON.parse(new TextDecoder().decode(body.value));
}

/** Reads and writes payloads in the blob store if they do not fit into a message. */
export class Contents {
  readonly #namespace: string;
  readonly #blobs: BlobAccess;

  constructor(namespace: string, blobs: BlobAccess) {
    this.#namespace = namespace;
    this.#blobs = blobs;
  }

  /**
   * Stores a large payload. Returns a small one unchanged.
   *
   * @param above maximum bytes of an inline value
   */
  async stored(payload: Payload | undefined, above = inlineBytesMax): Promise<Payload | undefined> {
    const { body, mediaType = "" } = payload ?? {};
    if (body?.$case !== "inline" || body.value.length <= above) return payload;
    const blob = await this.#blobs.write(this.#namespace, partsOf(body.value));
    return { body: { $case: "blob", value: blob }, mediaType };
  }

  /** Returns the value of a payload: parsed JSON, bytes for other media types, or a file if it is in the store. */
  async valueIn(payload: Payload | undefined): Promise<unknown> {
    const { body, mediaType = "" } = payload ?? {};
    if (body?.$case !== "blob") return valueIn(payload);
    const file = new StoredFile(body.value, mediaType, this.#namespace, this.#blobs);
    if (mediaType !== "" && mediaType !== "application/json") return file;
    if (file.size > jsonBytesMax) throw sdkErrors.inBlobStore({ bytes: file.size });
    return JSON.parse(new TextDecoder().decode(await readAll(file.stream())));
  }
}

/** Size of a message. */
const inlineBytesMax = 1_048_576;
/** Larger JSON is not read into memory. */
const jsonBytesMax = 256 * 1_048_576;
