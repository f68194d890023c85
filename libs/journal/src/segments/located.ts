import { type Disk, type DiskFile, readFully } from "../disk/disk.ts";
import type { JournalBatch, PartitionName } from "../port.ts";
import { aligned, blockBytes, viewOf } from "./layout.ts";
import type { GroupPlace } from "./places.ts";
import { batchesOf, type Chain, type RequestedPartition } from "./reader.ts";
import { nameOfSegment } from "./segment-files.ts";

/** Places of batches of a partition: plain data, so that another thread can read them. */
export interface LocatedBatches {
  /** Directory of the journal. */
  readonly directory: string;
  readonly logId: Uint8Array;
  readonly partitions: readonly PartitionName[];
  /** Index of the partition in that table. */
  readonly index: number;
  /** The groups that contain them, in order. */
  readonly groups: readonly GroupPlace[];
  readonly from: number;
  /** All batches up to this one are durable. */
  readonly upTo: number;
}

/**
 * Reads located batches, up to about `bytesMax` bytes of records but at least a group, with all checks. The caller
 * keeps their segments from being removed.
 */
export function readLocated(disk: Disk, located: LocatedBatches, bytesMax: number): JournalBatch[] {
  const { groups, from, upTo } = located;
  const chain: Chain = { number: from, hash: undefined };
  const requested: RequestedPartition = { ...located, check: () => undefined };
  const found: JournalBatch[] = [];
  const groupReader = new GroupReader();
  let open: { readonly segment: number; readonly file: DiskFile } | undefined;
  let bytes = 0;
  try {
    for (const place of groups) {
      if (place.number > upTo || bytes >= bytesMax) break;
      if (open?.segment !== place.segment) {
        open?.file.close();
        open = { segment: place.segment, file: disk.open(nameOfSegment(place.segment)) };
      }
      const group = groupReader.read(open.file, place.offset);
      for (const { previousHash, records, ...batch } of batchesOf(requested, place, group, chain, upTo)) {
        found.push({ ...batch, previousHash: previousHash.slice(), records: records.slice() });
        bytes += records.length;
      }
    }
  } finally {
    open?.file.close();
  }
  return found;
}

/**
 * Reads groups into one reused buffer. Groups have batches of all partitions, so a reader of one partition would
 * otherwise allocate many times the size of its batches.
 */
class GroupReader {
  #bytes = new Uint8Array(blockBytes);
  /** Bytes to read ahead: the size of the group before, because consecutive groups are similar. */
  #ahead = blockBytes;

  /** Reads a group from its start to its end, or to the end of the file. The result is valid until the next call. */
  read(file: DiskFile, offset: number): Uint8Array {
    const first = this.#bytes.subarray(0, Math.max(Math.min(this.#ahead, file.bytes - offset), blockBytes));
    readFully(file, first, offset);
    const groupBytes = Math.min(aligned(viewOf(first).getUint32(16, true)), file.bytes - offset);
    this.#ahead = Math.max(Math.min(groupBytes, aheadMax), blockBytes);
    if (groupBytes <= first.length) return first.subarray(0, Math.max(groupBytes, blockBytes));
    let group = this.#bytes;
    if (groupBytes > group.length) {
      group = new Uint8Array(groupBytes);
      group.set(first);
      if (groupBytes <= aheadMax) this.#bytes = group;
    }
    readFully(file, group.subarray(first.length, groupBytes), offset + first.length);
    return group.subarray(0, groupBytes);
  }
}

/** A larger group is read into separate memory. */
const aheadMax = 1024 * 1024;
