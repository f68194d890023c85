import { hashOfBatch } from "../batch/hash.ts";
import { readHeader } from "../batch/header.ts";
import type { DiskFile } from "../disk/disk.ts";
import type { Ledger } from "../ledger.ts";
import type { JournalBatch, PartitionName } from "../port.ts";
import { damaged } from "./damage.ts";
import { Frames } from "./frames.ts";
import { readGroupHeader, sumOfGroup } from "./group-header.ts";
import { aligned, blockBytes, sameBytes, viewOf } from "./layout.ts";
import type { GroupPlace } from "./places.ts";
import { nameOfSegment } from "./segment-files.ts";
import type { Segments } from "./segments.ts";

/** Bytes per read: small at first, for callers that want one batch. The size doubles with each read. */
const partBytesFirst = 16 * 1024;
const partBytesMax = 256 * 1024;

/**
 * Reads the batches of one partition, independently of the writer.
 *
 * 1. Only durable groups are read: those in the places, up to the last batch at the start of the read.
 * 2. Everything is checked: group header, heads, records, numbers and the chain of hashes within the read part.
 */
export async function* readBatches(
  segments: Segments,
  ledger: Ledger,
  from: number,
): AsyncGenerator<readonly JournalBatch[]> {
  const { places } = segments;
  const last = ledger.durableNumber;
  ledger.checkReadable(from, places.first(ledger.index));
  if (from > last) return;
  const chain: Chain = { number: from, hash: undefined };
  const requested: RequestedPartition = {
    logId: segments.logId,
    partitions: segments.partitions,
    index: ledger.index,
    // The segment may have been dropped since, and its file may belong to another one now.
    check: (number) => ledger.checkReadable(number, places.first(ledger.index)),
  };
  let open: OpenSegment | undefined;
  try {
    for (const place of places.from(ledger.index, from)) {
      if (place.number > last) return;
      if (open?.segment !== place.segment) {
        open?.file.close();
        open = undefined;
        open = openSegment(segments, ledger, place.segment, from);
      }
      const bytes = await groupAt(open, place.offset);
      const batches = batchesOf(requested, place, bytes, chain, last);
      if (batches.length > 0) yield batches;
    }
  } finally {
    open?.file.close();
  }
}

interface OpenSegment {
  readonly segment: number;
  readonly file: DiskFile;
  part: Uint8Array;
  from: number;
  /** Bytes of the next read. */
  ahead: number;
}

/** The requested partition and its log. */
export interface RequestedPartition {
  readonly logId: Uint8Array;
  readonly partitions: readonly PartitionName[];
  /** Index of the partition in that table. */
  readonly index: number;
  /** Throws if this batch cannot exist any more: then other content in its place is no damage. */
  check(number: number): void;
}

/** Number of the next batch, and the hash of the one before it if that was read. */
export interface Chain {
  number: number;
  hash: Uint8Array | undefined;
}

function openSegment(segments: Segments, ledger: Ledger, segment: number, from: number): OpenSegment {
  try {
    const file = segments.disk.open(nameOfSegment(segment));
    return { segment, file, part: new Uint8Array(0), from: 0, ahead: partBytesFirst };
  } catch (error) {
    // It may have been removed since the reading started.
    ledger.checkReadable(from, segments.places.first(ledger.index));
    throw damaged(segment, 0, { found: "no file that can be opened", at: 0 }, segments.partitions, error);
  }
}

/** Reads a group from its start to its end, or to the end of the file. */
async function groupAt(open: OpenSegment, offset: number): Promise<Uint8Array> {
  const head = await partAt(open, offset, blockBytes);
  const bytes = viewOf(head).getUint32(16, true);
  const groupBytes = Math.max(blockBytes, Math.min(aligned(bytes), open.file.bytes - offset));
  return partAt(open, offset, groupBytes);
}

async function partAt(open: OpenSegment, offset: number, bytes: number): Promise<Uint8Array> {
  const at = offset - open.from;
  if (at < 0 || at + bytes > open.part.length) {
    const part = new Uint8Array(Math.max(bytes, Math.min(open.ahead, open.file.bytes - offset)));
    open.ahead = Math.min(partBytesMax, open.ahead * 2);
    for (let done = 0; done < part.length; ) {
      const read = await open.file.readLater(part.subarray(done), offset + done);
      if (read === 0) break;
      done += read;
    }
    open.part = part;
    open.from = offset;
  }
  return open.part.subarray(offset - open.from, offset - open.from + bytes);
}

/** Returns the partition's batches in a group, checked. Views of its bytes. */
export function batchesOf(
  { logId, partitions, index, check }: RequestedPartition,
  { segment, offset }: GroupPlace,
  bytes: Uint8Array,
  chain: Chain,
  last: number,
): JournalBatch[] {
  const fail = (found: string, at: number, number?: number): never => {
    check(chain.number);
    const batch = number === undefined ? {} : { partition: index, number };
    throw damaged(segment, offset, { found, at, ...batch }, partitions);
  };
  const view = viewOf(bytes);
  const header = readGroupHeader(bytes, view, logId);
  const isHere = header?.segment === segment && header.offset === offset;
  if (!isHere || aligned(header.bytes) > bytes.length) {
    return fail("no group where one was written", 0, chain.number);
  }
  if (sumOfGroup(bytes, view, header) !== header.checksum) {
    return fail("heads of batches whose checksum does not match", 0, chain.number);
  }
  const batches: JournalBatch[] = [];
  const frames = new Frames(bytes, view, header.bytes);
  while (frames.next()) {
    const { number } = frames;
    if (frames.partition !== index || number < chain.number || number > last) continue;
    if (frames.sumOfRecords() !== frames.checksum) {
      return fail("records whose checksum does not match", frames.recordsAt, number);
    }
    const read = readHeader(frames.batch);
    if (read === undefined || number !== chain.number) {
      return fail(`batch ${number} where ${chain.number} belongs`, frames.at, number);
    }
    if (chain.hash !== undefined && !sameBytes(read.previousHash, chain.hash)) {
      return fail("a batch that follows another one than is there", frames.at, number);
    }
    chain.hash = hashOfBatch(frames.batch);
    chain.number = number + 1;
    const records = frames.batch.subarray(frames.headerBytes);
    const { epoch, timeMs, behaviour, seal, previousHash } = read;
    const { count } = frames;
    batches.push({ number, epoch, timeMs, behaviour, seal, previousHash, records, count });
  }
  return batches;
}
