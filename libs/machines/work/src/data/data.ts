/**
 * Data of users: JSON in bytes, or a payload of any other content. It is passed on unchanged and parsed only when an
 * expression reads it. Absent data is null.
 */
import type { Payload } from "@tutti/contracts/types/v1";
import { type Json, parseExactly, type Value, writeExactly } from "@tutti/expressions";

export type Data = Uint8Array | Payload;

export const noBytes = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Converts the two fields of a message. */
export function dataOf(bytes: Uint8Array, payload: Payload | undefined): Data | undefined {
  if (bytes.length > 0) return bytes;
  return payload === undefined ? undefined : dataOfPayload(payload);
}

export function dataOfPayload(payload: Payload | undefined): Data | undefined {
  if (payload?.body === undefined) return undefined;
  const { body, mediaType } = payload;
  if (body.$case !== "inline" || !isJson(mediaType)) return payload;
  return body.value.length === 0 ? undefined : body.value;
}

function isJson(mediaType: string): boolean {
  return mediaType === "" || mediaType === "application/json";
}

/** Returns the field for JSON. */
export function bytesOf(data: Data | undefined): Uint8Array {
  return data instanceof Uint8Array ? data : noBytes;
}

/** Returns the field for other content. */
export function payloadOf(data: Data | undefined): Payload | undefined {
  return data instanceof Uint8Array ? undefined : data;
}

/** Returns data as a payload of the contracts. Null is absent. */
export function asPayload(data: Data | undefined): Payload | undefined {
  if (!(data instanceof Uint8Array)) return data;
  return { body: { $case: "inline", value: data }, mediaType: "" };
}

export function encodeJson(value: Json): Uint8Array {
  return encoder.encode(writeExactly(value));
}

/** Thrown for data that expressions cannot read. */
export class UnreadableData extends Error {}

/**
 * The latest parsed values. A value that many expressions read is parsed once, and large values do not stay in memory
 * with every run. The key is the array of bytes, which does not change.
 */
const cacheMax = 16;
const cachedBytes: (Uint8Array | undefined)[] = new Array<undefined>(cacheMax).fill(undefined);
const cachedValues: Value[] = new Array<null>(cacheMax).fill(null);
let next = 0;

/** Parses data. Throws `UnreadableData` for data that is not inline JSON. */
export function parsed(data: Data | undefined): Value {
  if (data === undefined) return null;
  if (!(data instanceof Uint8Array)) throw new UnreadableData(described(data));
  const known = cachedBytes.indexOf(data);
  if (known !== -1) return cachedValues[known] as Value;
  const value = parseJson(data);
  cachedBytes[next] = data;
  cachedValues[next] = value;
  next = (next + 1) % cacheMax;
  return value;
}

function parseJson(bytes: Uint8Array): Value {
  if (bytes.length === 0) return null;
  try {
    return parseExactly(decoder.decode(bytes)) as Value;
  } catch (error) {
    throw new UnreadableData(error instanceof SyntaxError ? error.message : "bytes that are no text");
  }
}

function described({ body, mediaType }: Payload): string {
  if (body?.$case === "blob") return `${body.value.size} bytes in the blob store`;
  return `${mediaType === "" ? "nothing" : `data of the type ${mediaType}`}`;
}

/** Returns a list of data as one JSON document. Other content becomes null. */
export function joinedList(parts: readonly (Data | undefined)[]): Uint8Array {
  return joined(brackets.list, (member) => {
    for (const part of parts) member(noBytes, bytesOrNull(part));
  });
}

/** Returns data by name as one JSON document. Names are results of `memberName`. */
export function joinedObject(names: readonly Uint8Array[], parts: readonly (Data | undefined)[]): Uint8Array {
  return joinedMembers((member) => {
    for (const [index, name] of names.entries()) member(name, bytesOrNull(parts[index]));
  });
}

/**
 * Passes each member to the callback, with a name from `memberName`. It is called twice, and must pass the same members
 * each time.
 */
export type Members = (member: (name: Uint8Array, value: Uint8Array) => void) => void;

/** Like `joinedObject`, without arrays of names and data. */
export function joinedMembers(members: Members): Uint8Array {
  return joined(brackets.object, members);
}

/** Returns a name as it precedes its value. */
export function memberName(name: string): Uint8Array {
  return encoder.encode(`${JSON.stringify(name)}:`);
}

const nullBytes = encoder.encode("null");
const comma = 44;

/** Returns data as a part of a document. Content of the blob store appears as its reference, as in REST. */
export function bytesOrNull(data: Data | undefined): Uint8Array {
  if (data instanceof Uint8Array) return data.length > 0 ? data : nullBytes;
  return data === undefined ? nullBytes : referenceBytes(data);
}

function referenceBytes({ body, mediaType }: Payload): Uint8Array {
  if (body?.$case !== "blob") return nullBytes;
  const { sha256, size } = body.value;
  const $blob = { sha256: Buffer.from(sha256).toString("hex"), size };
  return encodeJson(mediaType === "" ? { $blob } : { $blob, mediaType });
}

const brackets = { list: [0x5b, 0x5d], object: [0x7b, 0x7d] } as const;

/** The first pass computes the length, so that memory is allocated once for any number of members. */
function joined([open, close]: readonly [number, number], members: Members): Uint8Array {
  let length = 1;
  members((name, value) => {
    length += 1 + name.length + value.length;
  });
  const bytes = new Uint8Array(Math.max(2, length));
  let at = 0;
  members((name, value) => {
    bytes[at] = at === 0 ? open : comma;
    bytes.set(name, at + 1);
    bytes.set(value, at + 1 + name.length);
    at += 1 + name.length + value.length;
  });
  if (at === 0) bytes[at++] = open;
  bytes[at] = close;
  return bytes;
}
