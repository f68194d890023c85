/**
 * The contents for an agent, as bytes that get their number when they are sent. The fields of a message may have any
 * order and may be separate, so the header is put before the earlier encoded bytes.
 */
import { type Assign, HostFrame } from "@tutti/contracts/agent/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { linkLimits } from "./limits.ts";

/** The encoded fields of a frame, with room at the front for its numbers. */
export type Content = Uint8Array<ArrayBuffer>;

/** Two numbers of at most five bytes each, with their tags. */
export const headerBytes = 12;

const emptyHeader = new Uint8Array(headerBytes);
const writer = new FlatWriter();

/** Returns a frame with only its numbers. */
export function emptyContent(): Content {
  return new Uint8Array(headerBytes);
}

/** Returns the content of a frame: in one piece, or in several if it would exceed the maximum of a frame. */
export function contentsOf(frame: HostFrame, bytesMax: number = linkLimits.frameBytesMax): Content[] {
  const complete = encoded(frame);
  if (complete.length <= bytesMax || frame.assignments.length === 0) return [complete];
  // Assignments come first within a frame, so they come first in separate frames too.
  const { assignments, ...rest } = frame;
  const others = encoded({ ...rest, assignments: [] });
  const last = others.length > headerBytes ? [others] : [];
  return [...piecesOf(assignments, bytesMax), ...last];
}

/** Writes the numbers before a content that is sent now. */
export function numbered(content: Content, sequence: number, acknowledged: number): Uint8Array {
  writer.reset();
  writer.uint32(sequenceTag).uint32(sequence);
  if (acknowledged > 0) writer.uint32(acknowledgedTag).uint32(acknowledged);
  const from = headerBytes - writer.position;
  content.set(writer.written(), from);
  return content.subarray(from);
}

function piecesOf(assignments: readonly Assign[], bytesMax: number): Content[] {
  const complete = encoded({ ...HostFrame.create(), assignments: [...assignments] });
  if (complete.length <= bytesMax || assignments.length === 1) return [complete];
  const half = assignments.length >> 1;
  return [...piecesOf(assignments.slice(0, half), bytesMax), ...piecesOf(assignments.slice(half), bytesMax)];
}

function encoded(frame: HostFrame): Content {
  writer.reset();
  writer.raw(emptyHeader);
  HostFrame.encode(frame, writer);
  return writer.finish();
}

/** Field 1 and field 2, both numbers. */
const sequenceTag = 8;
const acknowledgedTag = 16;
