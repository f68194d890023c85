import { crc32 } from "../batch/crc32.ts";
import { Frames } from "./frames.ts";
import { groupHeaderBytes, logIdBytes } from "./layout.ts";

/** The header of a group: its place, so that a copy elsewhere does not count as a group, and its predecessor. */
export interface GroupHeader {
  /** Position in the log, from 1, without gaps. */
  readonly sequence: number;
  /** From the header to the end of the last frame. */
  readonly bytes: number;
  readonly batches: number;
  /** File, and offset in it. */
  readonly segment: number;
  readonly offset: number;
  /** Checksum of the group before. 0 in the first of the log. */
  readonly previousChecksum: number;
}

export interface ReadGroupHeader extends GroupHeader {
  readonly checksum: number;
}

/** "TuGr" */
const magic = 0x72477554;

const at = {
  magic: 0,
  checksum: 4,
  sequence: 8,
  bytes: 16,
  batches: 20,
  segment: 24,
  offset: 32,
  previousChecksum: 36,
  logId: 40,
} as const;

/** Writes everything but the checksum, which comes last. */
export function writeGroupHeader(
  bytes: Uint8Array,
  view: DataView,
  logId: Uint8Array,
  header: GroupHeader,
): void {
  view.setUint32(at.magic, magic, true);
  view.setFloat64(at.sequence, header.sequence, true);
  view.setUint32(at.bytes, header.bytes, true);
  view.setUint32(at.batches, header.batches, true);
  view.setFloat64(at.segment, header.segment, true);
  view.setUint32(at.offset, header.offset, true);
  view.setUint32(at.previousChecksum, header.previousChecksum, true);
  bytes.set(logId, at.logId);
  bytes.fill(0, at.logId + logIdBytes, groupHeaderBytes);
}

export function writeGroupChecksum(view: DataView, checksum: number): void {
  view.setUint32(at.checksum, checksum, true);
}

/** Returns the header at the start of these bytes, or undefined if no group of this log starts there. */
export function readGroupHeader(
  bytes: Uint8Array,
  view: DataView,
  logId: Uint8Array,
): ReadGroupHeader | undefined {
  if (bytes.length < groupHeaderBytes || view.getUint32(at.magic, true) !== magic) return;
  for (let byte = 0; byte < logIdBytes; byte++) if (bytes[at.logId + byte] !== logId[byte]) return;
  return {
    checksum: view.getUint32(at.checksum, true),
    sequence: view.getFloat64(at.sequence, true),
    bytes: view.getUint32(at.bytes, true),
    batches: view.getUint32(at.batches, true),
    segment: view.getFloat64(at.segment, true),
    offset: view.getUint32(at.offset, true),
    previousChecksum: view.getUint32(at.previousChecksum, true),
  };
}

/** Checksum of the header. The heads of the frames are added to it. */
export function sumOfGroupHeader(bytes: Uint8Array): number {
  return crc32(bytes, at.sequence, groupHeaderBytes);
}

/** Returns the expected checksum of a whole group. Undefined if its frames do not fill it. */
export function sumOfGroup(bytes: Uint8Array, view: DataView, header: GroupHeader): number | undefined {
  let sum = sumOfGroupHeader(bytes);
  let batches = 0;
  const frames = new Frames(bytes, view, header.bytes);
  while (frames.next()) {
    sum = frames.sumOfHead(sum);
    batches++;
  }
  return frames.broken || batches !== header.batches ? undefined : sum;
}
