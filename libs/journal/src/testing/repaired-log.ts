import { hashBytes, hashOfBatch } from "../batch/hash.ts";
import { grownEnds, hashOf, setEnd } from "../segments/ends.ts";
import { Frames } from "../segments/frames.ts";
import {
  readGroupHeader,
  sumOfGroup,
  writeGroupChecksum,
  writeGroupHeader,
} from "../segments/group-header.ts";
import { viewOf } from "../segments/layout.ts";
import { nameOfSegment } from "../segments/segment-files.ts";
import { encodeSegmentHeader, type ReadSegmentHeader } from "../segments/segment-header.ts";
import { readSegmentHeaders } from "../segments/segment-headers.ts";
import type { LogPart } from "./log-parts.ts";
import type { MemoryDisk } from "./memory-disk.ts";

/**
 * Makes all checksums of a log match its changed bytes, like an attacker with knowledge of the format. With `chain` it
 * repairs the hashes too, so that the log passes every check. The parts are those of the log before it was changed.
 */
export function repairLog(disk: MemoryDisk, parts: readonly LogPart[], chain: boolean): void {
  const headers = readSegmentHeaders(disk);
  const [first] = headers;
  if (first === undefined) return;
  const table = headers.at(-1)?.partitions.length ?? 0;
  const end = { checksum: first.previousChecksum, ends: grownEnds(first.ends, table) };
  for (const header of headers) {
    const file = nameOfSegment(header.segment);
    const count = header.partitions.length;
    const ends = { ...header.ends, hashes: end.ends.hashes.slice(0, count * hashBytes) };
    const repaired = { ...header, previousChecksum: end.checksum, ...(chain ? { ends } : {}) };
    disk.patch(file, 0, encodeSegmentHeader(repaired));
    for (const part of parts) {
      const isGroup = part.batch === undefined && part.kind !== "segment header";
      if (part.file === file && isGroup) repairGroup(disk, header, part, end, chain);
    }
  }
}

interface End {
  checksum: number;
  readonly ends: ReturnType<typeof grownEnds>;
}

function repairGroup(
  disk: MemoryDisk,
  { logId, segment }: ReadSegmentHeader,
  { file, from, to }: LogPart,
  end: End,
  chain: boolean,
): void {
  const bytes = new Uint8Array(to - from);
  disk.open(file).read(bytes, from);
  const view = viewOf(bytes);
  const header = readGroupHeader(bytes, view, logId);
  if (header === undefined) throw new Error(`expected a group at byte ${from} of segment ${segment}`);
  writeGroupHeader(bytes, view, logId, { ...header, previousChecksum: end.checksum });
  const frames = new Frames(bytes, view, header.bytes);
  while (frames.next()) {
    const { partition, number, epoch, timeMs } = frames;
    if (chain && number > 1) bytes.set(hashOf(end.ends, partition), frames.hashAt);
    frames.checksum = frames.sumOfRecords();
    setEnd(end.ends, partition, { number, epoch, timeMs, hash: hashOfBatch(frames.batch) });
  }
  const checksum = sumOfGroup(bytes, view, header) ?? 0;
  writeGroupChecksum(view, checksum);
  end.checksum = checksum;
  disk.patch(file, from, bytes);
}
