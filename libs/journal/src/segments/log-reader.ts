import type { Disk, DiskFile } from "../disk/disk.ts";
import { journalErrors } from "../errors.ts";
import { damaged } from "./damage.ts";
import { grownEnds } from "./ends.ts";
import { follow, type LogEnd, unknownEnds } from "./following.ts";
import { type InspectedSegment, inspectGroup } from "./inspection.ts";
import { aligned } from "./layout.ts";
import { type LogVisitor, visitFrame } from "./log-visitor.ts";
import { nameOfSegment } from "./segment-files.ts";
import type { ReadSegmentHeader } from "./segment-header.ts";
import { oldestSegment, readSegmentHeader } from "./segment-headers.ts";
import { SegmentWindow } from "./segment-window.ts";

/** A place in the log between two groups. Plain data, so that it can be stored or passed to another thread. */
export interface LogPlace {
  readonly segment: number;
  readonly offset: number;
}

/**
 * Reads the whole log once, all partitions together, in the order in which it became durable: for a restart, and for
 * readers that follow the log from another thread. It needs only the disk and a place.
 *
 * 1. It reads up to the place that it is given as the durable end, never beyond: later bytes may not be durable.
 * 2. Everything is checked, as in recovery: every byte, every batch against the one before of its partition if that was
 *    read, and that no group and no segment is missing.
 * 3. Unread segments must stay: the journal is cut only behind its followers.
 */
export class LogReader {
  readonly #disk: Disk;
  #place: LogPlace | undefined;
  #open: OpenSegment | undefined;
  #end: LogEnd | undefined;

  /** Starts at the end of an earlier reading, or at the first batch of the log. */
  constructor(disk: Disk, from?: LogPlace) {
    this.#disk = disk;
    this.#place = from;
  }

  /** Place of the next reading. Undefined if nothing of a log was read from its beginning. */
  get place(): LogPlace | undefined {
    return this.#place;
  }

  /**
   * Passes the next batches up to this end, or up to about `bytesMax` bytes. Returns whether it has reached the end.
   * Batches are views, valid during the call.
   */
  read(end: LogPlace, visit: LogVisitor, bytesMax = Number.POSITIVE_INFINITY): boolean {
    this.#place ??= { segment: oldestSegment(this.#disk) ?? end.segment, offset: 0 };
    for (let bytes = 0; isBefore(this.#place, end); ) {
      if (bytes >= bytesMax) return false;
      const read = this.#readGroup(this.#place, end, visit);
      bytes += read.bytes;
      this.#place = read.next;
    }
    return true;
  }

  close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #readGroup(place: LogPlace, end: LogPlace, visit: LogVisitor): { bytes: number; next: LogPlace } {
    const open = this.#segment(place);
    const { segment, partitions } = open;
    const offset = Math.max(place.offset, open.headerBytes);
    const after = (bytes: number) => ({ bytes, next: { segment, offset: offset + bytes } });
    if (segment === end.segment) {
      if (offset >= end.offset) return after(0);
      open.window.aheadTo = end.offset;
    } else open.window.aheadTo = open.window.bytes;
    const group = inspectGroup(open, offset);
    if (group.kind === "sound") {
      const wrong = follow(open.end, group, (frames) => visitFrame(frames, partitions, visit));
      if (wrong !== undefined) throw damaged(segment, offset, wrong, partitions);
      return after(aligned(group.header.bytes));
    }
    // The durable end is here if this is the last segment. Otherwise the next segment tells whether everything was
    // read.
    const found = group.kind === "unsound" ? group : { found: group.found, at: 0 };
    if (segment === end.segment) throw damaged(segment, offset, found, partitions);
    const { firstSequence, previousChecksum } = readSegmentHeader(this.#disk, segment + 1);
    const { sequence, checksum } = open.end;
    const isAll = sequence === undefined || (firstSequence === sequence + 1 && previousChecksum === checksum);
    if (!isAll) throw damaged(segment, offset, found, partitions);
    return { bytes: 0, next: { segment: segment + 1, offset: 0 } };
  }

  #segment({ segment, offset }: LogPlace): OpenSegment {
    if (this.#open?.segment === segment) return this.#open;
    this.close();
    const oldest = oldestSegment(this.#disk);
    if (oldest === undefined || segment < oldest) throw journalErrors.cut({ segment, oldest: oldest ?? 0 });
    const header = readSegmentHeader(this.#disk, segment);
    const file = this.#disk.open(nameOfSegment(segment));
    const end = this.#endIn(header, offset <= header.headerBytes);
    this.#end = end;
    this.#open = {
      window: new SegmentWindow(file),
      file,
      segment,
      logId: header.logId,
      partitions: header.partitions,
      headerBytes: header.headerBytes,
      end,
    };
    return this.#open;
  }

  /**
   * Returns the state that the first group must follow. It is known at the beginning of a segment, and unknown in its
   * middle.
   */
  #endIn(header: ReadSegmentHeader, isSegmentStart: boolean): LogEnd {
    const partitions = header.partitions.length;
    const before = this.#end;
    if (before?.sequence !== undefined) return { ...before, ends: grownEnds(before.ends, partitions) };
    if (!isSegmentStart) return { sequence: undefined, checksum: 0, ends: unknownEnds(partitions) };
    const { firstSequence, previousChecksum, ends } = header;
    return { sequence: firstSequence - 1, checksum: previousChecksum, ends };
  }
}

interface OpenSegment extends InspectedSegment {
  readonly file: DiskFile;
  readonly headerBytes: number;
  readonly end: LogEnd;
}

function isBefore(one: LogPlace, other: LogPlace): boolean {
  return one.segment < other.segment || (one.segment === other.segment && one.offset < other.offset);
}
