import { type Disk, readFully } from "../disk/disk.ts";
import { journalErrors } from "../errors.ts";
import { damagedAt } from "./damage.ts";
import { blockBytes, sameBytes } from "./layout.ts";
import { nameOfSegment, segmentOfName } from "./segment-files.ts";
import {
  decodeSegmentHeader,
  formatVersion,
  type ReadSegmentHeader,
  sizeOfSegmentHeader,
} from "./segment-header.ts";

/** Maximum length of a table of partitions. A longer one is damage. */
const headerBytesMax = 64 * 1024 * 1024;

/**
 * Returns the headers of all segments, and checks that they belong together: one log, no file missing, a table that
 * only grew.
 */
export function readSegmentHeaders(disk: Disk): readonly ReadSegmentHeader[] {
  const segments = segmentsOn(disk).sort((one, other) => one - other);
  const headers: ReadSegmentHeader[] = [];
  for (const segment of segments) {
    const header = readSegmentHeader(disk, segment);
    const before = headers.at(-1);
    if (before !== undefined) checkFollows(before, header);
    headers.push(header);
  }
  return headers;
}

/** Returns the first existing segment. Undefined if there is none. */
export function oldestSegment(disk: Disk): number | undefined {
  const segments = segmentsOn(disk);
  return segments.length === 0 ? undefined : Math.min(...segments);
}

function segmentsOn(disk: Disk): number[] {
  return disk.list().flatMap((name) => segmentOfName(name) ?? []);
}

export function readSegmentHeader(disk: Disk, segment: number): ReadSegmentHeader {
  const name = nameOfSegment(segment);
  const file = disk.open(name);
  try {
    const block = new Uint8Array(blockBytes);
    readFully(file, block, 0);
    const size = sizeOfSegmentHeader(block);
    if (size === undefined) throw damagedAt({ file: name, offset: 0 }, "no header of a segment");
    const { headerBytes, version } = size;
    const known = headerBytes <= headerBytesMax && headerBytes >= blockBytes;
    const bytes = new Uint8Array(known ? headerBytes : blockBytes);
    readFully(file, bytes, 0);
    const header = decodeSegmentHeader(bytes);
    if (header !== undefined && version !== formatVersion) {
      throw journalErrors.formatUnknown({ file: name, version, known: formatVersion });
    }
    if (header === undefined || header.segment !== segment) {
      throw damagedAt({ file: name, offset: 0 }, "the header of a segment that is not as it was written");
    }
    return header;
  } finally {
    file.close();
  }
}

function checkFollows(before: ReadSegmentHeader, header: ReadSegmentHeader): void {
  if (header.segment !== before.segment + 1) {
    const file = nameOfSegment(before.segment + 1);
    throw damagedAt({ file, offset: 0 }, "a file that is missing");
  }
  const grown = before.partitions.every(
    ({ service, partition }, index) =>
      header.partitions[index]?.service === service && header.partitions[index]?.partition === partition,
  );
  if (!sameBytes(header.logId, before.logId) || !grown) {
    throw damagedAt({ file: nameOfSegment(header.segment), offset: 0 }, "a segment of another log");
  }
}
