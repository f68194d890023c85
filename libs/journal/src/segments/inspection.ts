import { readHeader } from "../batch/header.ts";
import type { PartitionName } from "../port.ts";
import { Frames } from "./frames.ts";
import { type ReadGroupHeader, readGroupHeader, sumOfGroup } from "./group-header.ts";
import { aligned, blockBytes, groupHeaderBytes } from "./layout.ts";
import type { SegmentWindow } from "./segment-window.ts";

/** Result of inspecting a place where a group may start. */
export type Inspection =
  | {
      readonly kind: "sound";
      readonly header: ReadGroupHeader;
      /** The whole group with its padding. Valid until the window moves. */
      readonly bytes: Uint8Array;
      readonly view: DataView;
    }
  /** No group of this log starts here. */
  | { readonly kind: "nothing"; readonly found: string }
  /** A group starts here, and part of it has changed since it was written. */
  | ({ readonly kind: "unsound" } & Unsound);

export interface Unsound {
  readonly found: string;
  /** Distance from the group's beginning. */
  readonly at: number;
  /** Index of the partition in the table, and number of the batch, if both could be determined. */
  readonly partition?: number;
  readonly number?: number;
}

/** The inspected part of a log: its identity, and the partitions of the segment. */
export interface InspectedSegment {
  readonly window: SegmentWindow;
  readonly logId: Uint8Array;
  readonly segment: number;
  readonly partitions: readonly PartitionName[];
}

/** Inspects one place, and checks every byte of the group that starts there. */
export function inspectGroup(segment: InspectedSegment, offset: number): Inspection {
  const header = groupHeaderAt(segment, offset);
  if (header === undefined) return { kind: "nothing", found: "no group of this log" };
  const { window } = segment;
  if (header.bytes < groupHeaderBytes || offset + aligned(header.bytes) > window.bytes) {
    return { kind: "unsound", found: "a group whose length cannot be", at: 0 };
  }
  const bytes = window.at(offset, aligned(header.bytes));
  const view = window.view;
  const problem = problemOfGroup(bytes, view, header, segment.partitions);
  if (problem !== undefined) return { kind: "unsound", ...problem };
  return { kind: "sound", header, bytes, view };
}

/** Returns the header of a group that claims exactly this place. */
function groupHeaderAt(
  { window, logId, segment }: InspectedSegment,
  offset: number,
): ReadGroupHeader | undefined {
  if (offset + blockBytes > window.bytes) return;
  const header = readGroupHeader(window.at(offset, blockBytes), window.view, logId);
  return header?.segment === segment && header.offset === offset ? header : undefined;
}

/**
 * Returns any sound group behind a place, which confirms everything before it. Every block is tried, because damage may
 * hide the start of the next group.
 */
export function laterGroup(
  segment: InspectedSegment,
  offset: number,
  afterSequence: number,
): ReadGroupHeader | undefined {
  for (let at = offset + blockBytes; at + blockBytes <= segment.window.bytes; at += blockBytes) {
    const header = groupHeaderAt(segment, at);
    if (header === undefined || header.sequence <= afterSequence) continue;
    if (inspectGroup(segment, at).kind === "sound") return header;
  }
  return;
}

function problemOfGroup(
  bytes: Uint8Array,
  view: DataView,
  header: ReadGroupHeader,
  partitions: readonly PartitionName[],
): Unsound | undefined {
  const sum = sumOfGroup(bytes, view, header);
  const frames = new Frames(bytes, view, header.bytes);
  while (frames.next()) {
    if (frames.sumOfRecords() === frames.checksum) continue;
    // Only sound heads can identify the batch.
    const batch = sum === header.checksum ? { partition: frames.partition, number: frames.number } : {};
    return { found: "records whose checksum does not match", at: frames.recordsAt, ...batch };
  }
  if (sum !== header.checksum) return problemOfHeads(bytes, view, header, partitions);
  for (let at = header.bytes; at < bytes.length; at++) {
    if (bytes[at] !== 0) return { found: "something behind the end of a group", at };
  }
  return;
}

/** The checksum of the heads is wrong: the damage is at the first inconsistent frame, or else at the group's start. */
function problemOfHeads(
  bytes: Uint8Array,
  view: DataView,
  header: ReadGroupHeader,
  partitions: readonly PartitionName[],
): Unsound {
  const frames = new Frames(bytes, view, header.bytes);
  while (frames.next()) {
    const name = partitions[frames.partition];
    const read = readHeader(frames.batch);
    const isConsistent =
      name !== undefined &&
      read !== undefined &&
      read.service === name.service &&
      read.partition === name.partition &&
      read.headerBytes === frames.headerBytes;
    if (!isConsistent) return { found: "the head of a batch that contradicts itself", at: frames.at };
  }
  if (frames.broken) return { found: "a frame whose length cannot be", at: frames.at };
  return { found: "heads of batches whose checksum does not match", at: 0 };
}
