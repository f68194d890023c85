import { hash } from "node:crypto";

export const hashBytes = 32;

/** Returns the SHA-256 of an encoded batch. The next batch of its partition contains it. */
export function hashOfBatch(batch: Uint8Array): Uint8Array {
  return Buffer.from(hashText(batch), "latin1");
}

/** Writes the same hash into these bytes. */
export function hashBatchInto(batch: Uint8Array, target: Uint8Array, at: number): void {
  const text = hashText(batch);
  for (let index = 0; index < hashBytes; index++) target[at + index] = text.charCodeAt(index);
}

/**
 * Returns a hash with one character per byte. A buffer would need memory that costs 1 µs, twice the time of a short
 * hash.
 */
function hashText(batch: Uint8Array): string {
  return hash("sha256", batch, "binary");
}
