/**
 * How segments are laid out. A log is a row of files, each a header and then groups. A group is what one sync made
 * durable: a header, and one frame per batch.
 *
 *     000000000007.log
 *     ┌────────────────┬───────────────────────────┬──────────────┬─────────────
 *     │ segment header │ group 812                 │ group 813    │ 0 0 0 0 …
 *     └────────────────┴───────────────────────────┴──────────────┴─────────────
 *      n × 4 KiB        ┌────────┬───────┬───────┬─────────┐
 *                       │ header │ frame │ frame │ 0 … 4 KiB│
 *                       └────────┴───────┴───────┴─────────┘
 *                        64 bytes ┌────────┬──────────────┐
 *                                 │ places │ Batch        │  as in the contract: header, then records
 *                                 └────────┴──────────────┘
 *                                  16 bytes
 *
 * 1. Groups start at multiples of 4 KiB: a sync never touches a block with something older in it, which a power failure
 *    could then take along. After damage the next group can be found.
 * 2. A group is written only when the one before is durable. So a group vouches for all before it: if there is a later
 *    one, an earlier one that is not sound is damaged, not torn.
 * 3. The group's checksum covers its header and the heads of its frames. The heads hold the checksums of the records.
 *    So every byte is covered once, and summed once.
 * 4. Numbers are little-endian.
 */
export const blockBytes = 4096;
export const groupHeaderBytes = 64;
export const frameHeaderBytes = 16;
export const logIdBytes = 16;

/** Returns the next multiple of a block. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

/** Returns a view on the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
