import { type Disk, type DiskFile, writeFully } from "../disk/disk.ts";
import { roomFor } from "../disk/file-disk.ts";
import { aligned } from "./layout.ts";
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from "./segment-header.ts";

/**
 * The files of a log: how they are named, made and removed.
 *
 * 1. A file gets its name as a segment only when its header is durable: a segment without a sound header is damage.
 * 2. Everything else ends in `.new`, means nothing, and is removed when the log is opened.
 */
const suffix = ".log";
const digits = 12;
/** Made ahead by either thread, or an unneeded segment. Taken by the thread that starts a segment. */
export const preparedName = "prepared.new";
export const preparingName = "preparing.new";
const startingName = "starting.new";

/** How large segments are. The first is small, so that a new directory is quickly made. */
export interface SegmentSizes {
  readonly firstBytes: number;
  /** Each is twice the one before up to this. */
  readonly maxBytes: number;
}

export const segmentSizes: SegmentSizes = { firstBytes: 4 * 1024 * 1024, maxBytes: 64 * 1024 * 1024 };

export function nameOfSegment(segment: number): string {
  return `${String(segment).padStart(digits, "0")}${suffix}`;
}

/** Returns the number of a segment by its file's name. Undefined for other files. */
export function segmentOfName(name: string): number | undefined {
  return /^\d{12}\.log$/.test(name) ? Number(name.slice(0, digits)) : undefined;
}

export function isUnfinished(name: string): boolean {
  return name.endsWith(".new");
}

/** How large the segment after one of this size is. 0 for the first. */
export function nextSegmentBytes(sizes: SegmentSizes, previousBytes: number): number {
  return Math.min(sizes.maxBytes, Math.max(sizes.firstBytes, previousBytes * 2));
}

/** Returns how many bytes a disk must have free for the log on it to make its next segment. 0 if that is made already. */
export function roomForNextSegment(disk: Disk, sizes: SegmentSizes = segmentSizes): number {
  const names = disk.list();
  if (names.includes(preparedName)) return 0;
  const newest = names
    .filter((name) => segmentOfName(name) !== undefined)
    .sort()
    .at(-1);
  if (newest === undefined) return roomFor(nextSegmentBytes(sizes, 0));
  const file = disk.open(newest);
  try {
    return roomFor(nextSegmentBytes(sizes, file.bytes));
  } finally {
    file.close();
  }
}

/** A segment that can be written to. */
export interface StartedSegment {
  readonly file: DiskFile;
  /** Where its first group starts. */
  readonly offset: number;
}

/** Makes a segment, from a prepared file if there is one that is large enough for its header and this group. */
export function startSegment(
  disk: Disk,
  header: SegmentHeader,
  bytes: number,
  groupBytes: number,
): StartedSegment {
  const needed = segmentHeaderBytes(header.partitions.length) + aligned(groupBytes);
  // An attempt that failed half-way may have left its file.
  if (disk.list().includes(startingName)) disk.remove(startingName);
  const file = takePrepared(disk, needed) ?? disk.create(startingName, Math.max(bytes, needed));
  try {
    const encoded = encodeSegmentHeader(header);
    writeFully(file, encoded, 0);
    file.sync();
    disk.rename(startingName, nameOfSegment(header.segment));
    disk.sync();
    return { file, offset: encoded.length };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Claims the prepared file by giving it the name of one that is started: a second preparation cannot swap it. */
function takePrepared(disk: Disk, needed: number): DiskFile | undefined {
  if (!disk.list().includes(preparedName)) return;
  disk.rename(preparedName, startingName);
  const file = disk.open(startingName);
  // It may have been a segment before: its old name must be gone for good before it is written to.
  if (file.bytes >= needed) {
    disk.sync();
    return file;
  }
  file.close();
  disk.remove(startingName);
  return;
}
