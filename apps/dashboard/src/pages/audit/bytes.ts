/** Bytes of a proof: base64 as JSON has them, hashes, and the little of protobuf's encoding that signed things need. */

export type Bytes = Uint8Array<ArrayBuffer>;

export function bytesOf(base64 = ""): Bytes {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function textBytes(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function varint(value: number | bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

const empty: Bytes = new Uint8Array(0);
const varints = 0;
const doubles = 1;
const lengths = 2;
const tag = (field: number, wire: number): Bytes => varint(field * 8 + wire);

/** Encodes a field of a message. Empty and zero values are left out, as in proto3. */
export const encoded = {
  whole: (field: number, value: number): Bytes =>
    value === 0 ? empty : joined(tag(field, varints), varint(value)),
  double: (field: number, value: number): Bytes => {
    if (value === 0) return empty;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return joined(tag(field, doubles), bytes);
  },
  bytes: (field: number, value: Uint8Array): Bytes =>
    value.length === 0 ? empty : joined(tag(field, lengths), varint(value.length), value),
  text: (field: number, value: string): Bytes => encoded.bytes(field, textBytes(value)),
  /** A moment, in seconds and nanoseconds. */
  moment: (field: number, ms: number | undefined): Bytes => {
    if (ms === undefined) return empty;
    const seconds = Math.floor(ms / 1_000);
    const nanos = Math.round((ms - seconds * 1_000) * 1e6);
    const moment = joined(encoded.whole(1, seconds), encoded.whole(2, nanos));
    return joined(tag(field, lengths), varint(moment.length), moment);
  },
};
