import { crc32 } from "../batch/crc32.ts";
import { hashBytes } from "../batch/hash.ts";
import { serviceBytesMax } from "../batch/header.ts";
import type { PartitionName } from "../port.ts";
import { type Ends, emptyEnds, hashOf, setEnd } from "./ends.ts";
import { aligned, logIdBytes, viewOf } from "./layout.ts";

/**
 * The header of a segment: its log, the partitions, and the end of each partition when the segment started. So earlier
 * segments can be deleted, and an idle partition keeps its number, epoch and hash.
 */
export interface SegmentHeader {
  readonly segment: number;
  readonly logId: Uint8Array;
  /** Sequence of its first group. */
  readonly firstSequence: number;
  /** Checksum of the group before that. 0 when there is none. */
  readonly previousChecksum: number;
  /** A frame names its partition by its index here. */
  readonly partitions: readonly PartitionName[];
  readonly ends: Ends;
}

export interface ReadSegmentHeader extends SegmentHeader {
  readonly headerBytes: number;
}

/** "TuSg" */
const magic = 0x67537554;
export const formatVersion = 1;

const at = {
  magic: 0,
  checksum: 4,
  version: 8,
  headerBytes: 12,
  segment: 16,
  firstSequence: 24,
  previousChecksum: 32,
  partitions: 36,
  logId: 40,
  table: 40 + logIdBytes,
} as const;

/** Length of the name, the name, the number, and the end: number, epoch, time, hash. */
const entryBytes = 1 + serviceBytesMax + 4 + 3 * 8 + hashBytes;

export function segmentHeaderBytes(partitions: number): number {
  return aligned(at.table + partitions * entryBytes);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes(header.partitions.length));
  const view = viewOf(bytes);
  view.setUint32(at.magic, magic, true);
  view.setUint32(at.version, formatVersion, true);
  view.setUint32(at.headerBytes, bytes.length, true);
  view.setFloat64(at.segment, header.segment, true);
  view.setFloat64(at.firstSequence, header.firstSequence, true);
  view.setUint32(at.previousChecksum, header.previousChecksum, true);
  view.setUint32(at.partitions, header.partitions.length, true);
  bytes.set(header.logId, at.logId);
  for (const [index, { service, partition }] of header.partitions.entries()) {
    let place = at.table + index * entryBytes;
    const name = new TextEncoder().encode(service);
    bytes[place] = name.length;
    bytes.set(name, place + 1);
    place += 1 + serviceBytesMax;
    view.setUint32(place, partition, true);
    view.setFloat64(place + 4, header.ends.numbers[index] ?? 0, true);
    view.setFloat64(place + 12, header.ends.epochs[index] ?? 0, true);
    view.setFloat64(place + 20, header.ends.times[index] ?? 0, true);
    bytes.set(hashOf(header.ends, index), place + 28);
  }
  view.setUint32(at.checksum, crc32(bytes, at.version), true);
  return bytes;
}

/** Returns the facts in the first block of a file: the length of the header, if it is one. */
export function sizeOfSegmentHeader(block: Uint8Array): { headerBytes: number; version: number } | undefined {
  const view = viewOf(block);
  if (view.getUint32(at.magic, true) !== magic) return;
  return { version: view.getUint32(at.version, true), headerBytes: view.getUint32(at.headerBytes, true) };
}

/** Decodes a header. Undefined if it is damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): ReadSegmentHeader | undefined {
  const view = viewOf(bytes);
  const count = view.getUint32(at.partitions, true);
  const sound =
    view.getUint32(at.magic, true) === magic &&
    segmentHeaderBytes(count) === bytes.length &&
    view.getUint32(at.checksum, true) === crc32(bytes, at.version);
  if (!sound) return;
  const partitions: PartitionName[] = [];
  const ends = emptyEnds(count);
  for (let index = 0; index < count; index++) {
    let place = at.table + index * entryBytes;
    const name = bytes.subarray(place + 1, place + 1 + (bytes[place] ?? 0));
    place += 1 + serviceBytesMax;
    partitions.push({ service: new TextDecoder().decode(name), partition: view.getUint32(place, true) });
    setEnd(ends, index, {
      number: view.getFloat64(place + 4, true),
      epoch: view.getFloat64(place + 12, true),
      timeMs: view.getFloat64(place + 20, true),
      hash: bytes.subarray(place + 28, place + 28 + hashBytes),
    });
  }
  return {
    segment: view.getFloat64(at.segment, true),
    logId: bytes.slice(at.logId, at.logId + logIdBytes),
    firstSequence: view.getFloat64(at.firstSequence, true),
    previousChecksum: view.getUint32(at.previousChecksum, true),
    partitions,
    ends,
    headerBytes: bytes.length,
  };
}
