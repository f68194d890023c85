import type { Disk, DiskFile } from "../disk/disk.ts";
import { readFully } from "../disk/disk.ts";
import type { JournalBatch, PartitionName } from "../port.ts";
import { aligned, blockBytes, viewOf } from "./layout.ts";
import type { GroupPlace } from "./places.ts";
import { batchesOf, type Chain, type WantedPartition } from "./reader.ts";
import { nameOfSegment } from "./segment-files.ts";

/** Where batches of a partition are: plain data, so that another thread can read them. */
export interface LocatedBatches {
  /** Of the journal. */
  readonly directory: string;
  readonly logId: Uint8Array;
  readonly partitions: readonly PartitionName[];
  /** Of the partition, in that table. */
  readonly index: number;
  /** The groups that have them, in order. */
  readonly groups: readonly GroupPlace[];
  readonly from: number;
  /** All up to this one are durable. */
  readonly upTo: number;
}

/**
 * Reads located batches, about so many bytes of records or a group more, checked as every reader does. The
 * caller keeps their segments from being removed.
 */
export function readLocated(disk: Disk, located: LocatedBatches, bytesMax: number): JournalBatch[] {
  const { groups, from, upTo } = located;
  const chain: Chain = { number: from, hash: undefined };
  const wanted: WantedPartition = { ...located, check: () => undefined };
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
      for (const { previousHash, records, ...batch } of batchesOf(wanted, place, group, chain, upTo)) {
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
 * Reads groups into one buffer that is used again: groups have batches of all partitions, and who goes through the log
 * for one of them would otherwise allocate many times what it is after.
 */
class GroupReader {
  #bytes = new Uint8Array(blockBytes);
  /** As much as the group before had: groups that follow each other are much alike. */
  #ahead = blockBytes;

  /** From a group's starting to its end, or as much of it as the file has. Until the next call. */
  read(file: DiskFile, offset: number): Uint8Array {
    const first = this.#bytes.subarray(0, Math.max(Math.min(this.#ahead, file.bytes - offset), blockBytes));
    readFully(file, first, offset);
    const whole = Math.min(aligned(viewOf(first).getUint32(16, true)), file.bytes - offset);
    this.#ahead = Math.max(Math.min(whole, aheadMax), blockBytes);
    if (whole <= first.length) return first.subarray(0, Math.max(whole, blockBytes));
    let group = this.#bytes;
    if (whole > group.length) {
      group = new Uint8Array(whole);
      group.set(first);
      if (whole <= aheadMax) this.#bytes = group;
    }
    readFully(file, group.subarray(first.length, whole), offset + first.length);
    return group.subarray(0, whole);
  }
}

/** A group that is larger is read into memory of its own. */
const aheadMax = 1024 * 1024;
