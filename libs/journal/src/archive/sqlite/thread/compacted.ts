import type { JournalBatch } from "../../../port.ts";

/**
 * Batches with their records in one memory of their own: those of a journal are views of something larger, which would
 * be copied as a whole, once for each.
 */
export function compacted(batches: readonly JournalBatch[]): {
  readonly memory: ArrayBuffer;
  readonly copies: readonly JournalBatch[];
} {
  const bytes = batches.reduce((sum, { records }) => sum + records.length, 0);
  const memory = new ArrayBuffer(bytes);
  const all = new Uint8Array(memory);
  let at = 0;
  const copies = batches.map((batch) => {
    all.set(batch.records, at);
    const records = all.subarray(at, at + batch.records.length);
    at += records.length;
    // Who packs needs no hash.
    return { ...batch, records, previousHash: nothing };
  });
  return { memory, copies };
}

const nothing = new Uint8Array(0);
