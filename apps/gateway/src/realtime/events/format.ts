/** The format of events and of notes about them: server-sent events or messages of a WebSocket. */
import { type BusEvent, cloudEventOf, type Gap } from "@tutti/bus";
import type { Problem } from "@tutti/kernel";
import { sseFrame } from "../outflow/sse-pipe.ts";
import { messageOf } from "../web-socket/messages.ts";

export interface Format {
  /** The cursor before the first event. Undefined if all stored events follow. */
  ready(cursor: string | undefined): Uint8Array;
  event(event: BusEvent, cursor: string): Uint8Array;
  gap(gap: Gap): Uint8Array;
  problem(problem: Problem): Uint8Array;
}

export const sseFormat: Format = {
  ready: (cursor = "") => sseFrame({ id: cursor, name: "ready", data: { cursor } }),
  event: writtenOnce((event, cursor) => sseFrame({ id: cursor, data: cloudEventOf(event) })),
  gap: ({ reason, count = null }) => sseFrame({ name: "gap", data: { reason, missed: count } }),
  problem: (problem) => sseFrame({ name: "problem", data: problem }),
};

export const webSocketFormat: Format = {
  ready: (cursor = "") => messageOf({ kind: "ready", cursor }),
  event: writtenOnce((event, cursor) => messageOf({ kind: "event", cursor, event: cloudEventOf(event) })),
  gap: ({ reason, count = null }) => messageOf({ kind: "gap", reason, missed: count }),
  problem: (problem) => messageOf({ kind: "problem", problem }),
};

/** All readers in a process get the same object for an event, so its text is written once. */
function writtenOnce(write: Format["event"]): Format["event"] {
  const written = new WeakMap<BusEvent, Uint8Array>();
  return (event, cursor) => {
    let frame = written.get(event);
    if (frame === undefined) {
      frame = write(event, cursor);
      written.set(event, frame);
    }
    return frame;
  };
}
