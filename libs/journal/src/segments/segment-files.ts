import { type Disk, type DiskFile, writeFully } from "../disk/disk.ts";
import { roomFor } from "../disk/file-disk.ts";
import { aligned } from "./layout.ts";
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from "./segment-header.ts";

/**
 * Names, creates and removes the files of a log.
 *
 * 1. A file gets its name as a segment only when its header is durable: a segment without a sound header is damage.
 * 2. All other files end in `.new`, have no meaning, and are removed when the log is opened.
 */
const suffix = ".log";
const digits = 12;
/** A file prepared by either thread, or an unneeded segment. The thread that starts a segment uses it. */
export const preparedName = "prepared.new";
export const preparingName = "preparing.new";
const startingName = "starting.new";

/** Sizes of segments. The first is small, so that a new directory is created quickly. */
export interface SegmentSizes {
  readonly firstBytes: number;
  /** Each segment is twice the size of the one before, up to this. */
  readonly maxBytes: number;
}

export const segmentSizes: SegmentSizes = { firstBytes: 4 * 1024 * 1024, maxBytes: 64 * 1024 * 1024 };

export function nameOfSegment(segment: number): string {
  return `${String(segment).padStart(digits, "0")}${suffix}`;
}

/** Returns the number of a segment from its file name. Undefined for other files. */
export function segmentOfName(name: string): number | undefined {
  return /^\d{12}\.log$/.test(name) ? Number(name.slice(0, digits)) : undefined;
}

export function isUnfinished(name: string): boolean {
  return name.endsWith(".new");
}

/** Returns the size of the segment after one of this size. 0 for the first. */
export function nextSegmentBytes(sizes: SegmentSizes, previousBytes: number): number {
  return Math.min(sizes.maxBytes, Math.max(sizes.firstBytes, previousBytes * 2));
}

/** Returns the free bytes that a disk needs for the next segment of its log. 0 if that segment is prepared already. */
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
  /** Start of its first group. */
  readonly offset: number;
}

/** Creates a segment, from a prepared file if that is large enough for its header and this group. */
export function startSegment(
  disk: Disk,
  header: SegmentHeader,
  bytes: number,
  groupBytes: number,
): StartedSegment {
  const needed = segmentHeaderBytes(header.partitions.length) + aligned(groupBytes);
  // An attempt that failed half-way may have left its file.
  if (disk.list().includes(startingName)) disk.remove(startingName);
  const file = claimPrepared(disk, needed) ?? disk.create(startingName, Math.max(bytes, needed));
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

/** Claims the prepared file by renaming it, so that a second preparation cannot replace it. */
function claimPrepared(disk: Disk, needed: number): DiskFile | undefined {
  if (!disk.list().includes(preparedName)) return;
  disk.rename(preparedName, startingName);
  const file = disk.open(startingName);
  // It may have been a segment: its old name must be gone durably before it is written to.
  if (file.bytes >= needed) {
    disk.sync();
    return file;
  }
  file.close();
  disk.remove(startingName);
  return;
}
