/**
 * Layout of segments. A log is a sequence of files, each with a header and then groups. A group is the unit of one
 * sync: a header, and one frame per batch.
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
 * 1. Groups start at multiples of 4 KiB. So a sync never touches a block with older data, which a power failure could
 *    destroy. After damage the next group can be found.
 * 2. A group is written only when the one before is durable. So a group confirms all groups before it: if there is a
 *    later one, an unsound earlier one is damaged, not torn.
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
