const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Parses bytes of JSON. No bytes are null. */
export function jsonIn(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : JSON.parse(decoder.decode(bytes));
}

/** Nothing for null, as machines have it. */
export function bytesOf(value: unknown): Uint8Array {
  return value === undefined || value === null ? new Uint8Array(0) : encoder.encode(JSON.stringify(value));
}
