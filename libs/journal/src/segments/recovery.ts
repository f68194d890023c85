import { type Disk, type DiskFile, writeFully } from "../disk/disk.ts";
import type { DamagePlace } from "../errors.ts";
import { damaged } from "./damage.ts";
import { type Ends, grownEnds } from "./ends.ts";
import { follow, type LogEnd } from "./following.ts";
import { type InspectedSegment, type Inspection, inspectGroup, laterGroup } from "./inspection.ts";
import { aligned, blockBytes, sameBytes } from "./layout.ts";
import { type LogVisitor, visitFrame } from "./log-visitor.ts";
import { Places } from "./places.ts";
import { isUnfinished, nameOfSegment } from "./segment-files.ts";
import type { ReadSegmentHeader } from "./segment-header.ts";
import { readSegmentHeaders } from "./segment-headers.ts";
import { SegmentWindow } from "./segment-window.ts";
import { durableAt, type LogState } from "./writer.ts";

/**
 * Reads a log from its first segment to its last group, and determines its end.
 *
 * 1. Every byte of every group is checked, and each batch against the one before: number, hash, epoch, time.
 * 2. An unsound group ends the log only if nothing confirms it: no sound group and no segment behind it. Otherwise it
 *    is damage, and opening fails with its place.
 * 3. A sound group that contradicts its predecessor is damage in any place.
 * 4. The last group may never have been synced, and only the memory of the system may have it. So it is written and
 *    synced once more before it counts as durable.
 * 5. A truncated group stays truncated. After a power failure, half a group over half of another could form a whole
 *    one. So the header in the place of the next group is overwritten first.
 */
export interface Recovered {
  readonly log: LogState;
  readonly places: Places;
  /** The truncated end: a group that was being written when the process ended. */
  readonly torn: DamagePlace | undefined;
  readonly segments: number;
  readonly groups: number;
  readonly batches: number;
}

/**
 * Reads the log, and passes its batches to the given receiver. Undefined if there is no log. Only a writer removes
 * leftovers and secures the end.
 */
export function recover(disk: Disk, mayWrite: boolean, visit?: LogVisitor): Recovered | undefined {
  if (mayWrite) {
    for (const name of disk.list().filter(isUnfinished)) disk.remove(name);
    // After a killed process, the name of a segment may exist only in the memory of the system.
    disk.sync();
  }
  const headers = readSegmentHeaders(disk);
  const [first] = headers;
  const newest = headers.at(-1);
  if (first === undefined || newest === undefined) return;
  const scan = new Scan(first, newest, visit);
  for (const [index, header] of headers.entries()) {
    const file = disk.open(nameOfSegment(header.segment));
    try {
      scan.segment(header, file, headers[index + 1]);
      if (mayWrite && header === newest) scan.confirmEnd(file);
    } finally {
      file.close();
    }
  }
  return scan.result(headers.length);
}

class Scan {
  readonly #newest: ReadSegmentHeader;
  readonly #visit: LogVisitor | undefined;
  readonly #end: LogEnd & { sequence: number };
  readonly #places: Places;
  #segmentBytes = 0;
  /** The last group of the segment that was read last. */
  #lastGroup: { readonly offset: number; readonly bytes: number } | undefined;
  #next = 0;
  /**
   * Whether damage to the last group would be noticed. A segment's header confirms everything before it, and an empty
   * group has nothing to lose.
   */
  #vouched = true;
  #torn: DamagePlace | undefined;
  #groups = 0;
  #batches = 0;

  constructor(first: ReadSegmentHeader, newest: ReadSegmentHeader, visit: LogVisitor | undefined) {
    this.#newest = newest;
    this.#visit = visit;
    const partitions = newest.partitions.length;
    this.#places = new Places(partitions);
    this.#end = {
      sequence: first.firstSequence - 1,
      checksum: first.previousChecksum,
      ends: grownEnds(first.ends, partitions),
    };
  }

  segment(header: ReadSegmentHeader, file: DiskFile, following: ReadSegmentHeader | undefined): void {
    const { segment, partitions, logId } = header;
    this.#checkContinues(header);
    this.#places.addSegment(segment, file.bytes, header.ends.numbers);
    this.#segmentBytes = file.bytes;
    this.#lastGroup = undefined;
    this.#vouched = true;
    const inspected = { window: new SegmentWindow(file), logId, segment, partitions };
    let offset = header.headerBytes;
    for (;;) {
      const group = inspectGroup(inspected, offset);
      if (group.kind !== "sound") {
        this.#next = offset;
        this.#endAt(inspected, offset, group, following);
        return;
      }
      const at = offset;
      const wrong = follow(this.#end, group, (frames) => {
        this.#places.add(frames.partition, frames.number, at);
        this.#batches++;
        if (this.#visit !== undefined) visitFrame(frames, partitions, this.#visit);
      });
      if (wrong !== undefined) throw damaged(segment, offset, wrong, partitions);
      this.#groups++;
      this.#lastGroup = { offset, bytes: group.bytes.length };
      this.#vouched = group.header.batches === 0;
      offset += aligned(group.header.bytes);
    }
  }

  /** See invariants 4 and 5. */
  confirmEnd(file: DiskFile): void {
    if (this.#lastGroup !== undefined) {
      const { offset, bytes } = this.#lastGroup;
      writeFully(file, new SegmentWindow(file).at(offset, bytes), offset);
    }
    if (this.#next + nothing.length <= this.#segmentBytes) writeFully(file, nothing, this.#next);
    file.sync();
  }

  result(segments: number): Recovered {
    const { logId, partitions, segment } = this.#newest;
    const { ends, sequence, checksum } = this.#end;
    return {
      log: {
        logId,
        partitions,
        ends,
        sequence,
        checksum,
        active: durableAt(segment, this.#lastGroup?.offset ?? 0, this.#segmentBytes),
        next: this.#next,
        vouched: this.#vouched,
      },
      places: this.#places,
      torn: this.#torn,
      segments,
      groups: this.#groups,
      batches: this.#batches,
    };
  }

  #checkContinues(header: ReadSegmentHeader): void {
    const { sequence, checksum, ends } = this.#end;
    const continues =
      header.firstSequence === sequence + 1 &&
      header.previousChecksum === checksum &&
      sameEnds(grownEnds(header.ends, ends.numbers.length), ends);
    if (!continues) {
      throw damaged(header.segment, 0, { found: "a segment that continues another log", at: 0 }, []);
    }
  }

  /** The segment has no sound group here. The bytes behind it decide whether this is its end. */
  #endAt(
    inspected: InspectedSegment,
    offset: number,
    group: Exclude<Inspection, { kind: "sound" }>,
    following: ReadSegmentHeader | undefined,
  ): void {
    const { segment, partitions } = inspected;
    const found = group.kind === "unsound" ? group : { found: group.found, at: 0 };
    const { sequence } = this.#end;
    // A torn group may have been truncated here before the next segment started. That segment records the number of
    // groups.
    const isConfirmed =
      following === undefined
        ? laterGroup(inspected, offset, sequence) !== undefined
        : following.firstSequence > sequence + 1;
    if (isConfirmed) throw damaged(segment, offset, found, partitions);
    if (following === undefined && group.kind === "unsound") {
      this.#torn = { file: nameOfSegment(segment), offset: offset + found.at };
    }
  }
}

/** Overwrites a header. Written even if it is read as zeros already: the disk may lack it. */
const nothing = new Uint8Array(blockBytes);

function sameEnds(one: Ends, other: Ends): boolean {
  return (
    sameBytes(one.hashes, other.hashes) &&
    one.numbers.every((number, partition) => number === other.numbers[partition]) &&
    one.epochs.every((epoch, partition) => epoch === other.epochs[partition]) &&
    one.times.every((time, partition) => time === other.times[partition])
  );
}
