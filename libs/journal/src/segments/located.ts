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
 * Reads located batches, about so many bytes of records or a group more, checked as every reader does. Who asks sees to
 * it that their segments stay. What it gives are views of what was read.
 */
export function readLocated(disk: Disk, located: LocatedBatches, bytesMax: number): JournalBatch[] {
  const { groups, from, upTo } = located;
  const chain: Chain = { number: from, hash: undefined };
  const wanted: WantedPartition = { ...located, check: () => undefined };
  const found: JournalBatch[] = [];
  let open: { readonly segment: number; readonly file: DiskFile } | undefined;
  let bytes = 0;
  try {
    for (const place of groups) {
      if (place.number > upTo || bytes >= bytesMax) break;
      if (open?.segment !== place.segment) {
        open?.file.close();
        open = { segment: place.segment, file: disk.open(nameOfSegment(place.segment)) };
      }
      for (const batch of batchesOf(wanted, place, groupAt(open.file, place.offset), chain, upTo)) {
        found.push(batch);
        bytes += batch.records.length;
      }
    }
  } finally {
    open?.file.close();
  }
  return found;
}

function groupAt(file: DiskFile, offset: number): Uint8Array {
  const head = new Uint8Array(blockBytes);
  readFully(file, head, offset);
  const whole = Math.min(aligned(viewOf(head).getUint32(16, true)), file.bytes - offset);
  if (whole <= blockBytes) return head;
  const group = new Uint8Array(whole);
  group.set(head);
  readFully(file, group.subarray(blockBytes), offset + blockBytes);
  return group;
}
