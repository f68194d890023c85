import { hash } from "node:crypto";

export const hashBytes = 32;

/** SHA-256 of an encoded batch: what the next one of its partition carries. */
export function hashOfBatch(batch: Uint8Array): Uint8Array {
  return Buffer.from(hashText(batch), "latin1");
}

/** The same, written into these bytes. */
export function hashBatchInto(batch: Uint8Array, target: Uint8Array, at: number): void {
  const text = hashText(batch);
  for (let index = 0; index < hashBytes; index++) target[at + index] = text.charCodeAt(index);
}

/** One character a byte: asked for as a buffer, the memory for it costs 1 µs, twice what a short hash does. */
function hashText(batch: Uint8Array): string {
  return hash("sha256", batch, "binary");
}
