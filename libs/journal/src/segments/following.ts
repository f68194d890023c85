import { hashBatchInto, hashBytes } from "../batch/hash.ts";
import { type Ends, emptyEnds, hashOf } from "./ends.ts";
import { Frames } from "./frames.ts";
import type { ReadGroupHeader } from "./group-header.ts";
import type { Unsound } from "./inspection.ts";
import { sameBytes } from "./layout.ts";

/** The end of the part of a log that was read. */
export interface LogEnd {
  /** Sequence of the last group. Undefined if the reading started in the middle, and any group may follow. */
  sequence: number | undefined;
  checksum: number;
  readonly ends: Ends;
}

/** Returns unknown ends: any first batch of each partition is accepted. */
export function unknownEnds(partitions: number): Ends {
  const ends = emptyEnds(partitions);
  ends.numbers.fill(unknown);
  return ends;
}

const unknown = -1;

/**
 * Advances the end of a log by a sound group, if that group continues it. A sound group that does not is worse than a
 * flipped bit: data was removed, inserted, or written by another writer.
 */
export function follow(
  end: LogEnd,
  { header, bytes, view }: { header: ReadGroupHeader; bytes: Uint8Array; view: DataView },
  each: (frames: Frames) => void,
): Unsound | undefined {
  if (end.sequence !== undefined) {
    const expected = end.sequence + 1;
    if (header.sequence !== expected) {
      return { found: `group ${header.sequence} where group ${expected} belongs`, at: 0 };
    }
    if (header.previousChecksum !== end.checksum) return { found: "a group that follows another one", at: 0 };
  }
  const frames = new Frames(bytes, view, header.bytes);
  while (frames.next()) {
    const wrong = problemWith(frames, end.ends, bytes);
    if (wrong !== undefined) {
      return { found: wrong, at: frames.at, partition: frames.partition, number: frames.number };
    }
    const { partition, number, epoch, timeMs } = frames;
    end.ends.numbers[partition] = number;
    end.ends.epochs[partition] = epoch;
    end.ends.times[partition] = timeMs;
    hashBatchInto(frames.batch, end.ends.hashes, partition * hashBytes);
    each(frames);
  }
  end.sequence = header.sequence;
  end.checksum = header.checksum;
  return;
}

function problemWith(frames: Frames, ends: Ends, bytes: Uint8Array): string | undefined {
  const { partition, number } = frames;
  if (partition >= ends.numbers.length) return "a batch of a partition that is not there";
  const last = ends.numbers[partition] ?? 0;
  if (last === unknown) return;
  if (number !== last + 1) return `a batch with the number ${number} where ${last + 1} belongs`;
  if (last > 0) {
    const previous = bytes.subarray(frames.hashAt, frames.hashAt + hashBytes);
    if (!sameBytes(previous, hashOf(ends, partition)))
      return "a batch that follows another one than is there";
  }
  if (frames.epoch < (ends.epochs[partition] ?? 0)) return "a batch of an older epoch than the one before";
  if (frames.timeMs < (ends.times[partition] ?? 0)) return "a batch that is older than the one before";
  return;
}
