import { hash } from "node:crypto";

export const hashBytes = 32;

/** SHA-256 of an encoded batch: what the next one of its partition carries. */
export function hashOfBatch(batch: Uint8Array): Uint8Array {
  return hash("sha256", batch, "buffer");
}
