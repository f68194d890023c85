/**
 * Position of a watcher of one piece of work: the last event that it knows. The state at that event can be folded from
 * the history. So a watch continues after any break, in any process, and reports the differences since then.
 */
import { type CallContext, fromTimestamp, type Timestamp } from "@tutti/kernel";
import type { MachineDependencies } from "../machine-calls.ts";
import type { Work } from "./work.ts";

export interface WatchPosition {
  /** The caller knows the state after this event. */
  readonly event: number;
  /** Known positions in other numbered sequences. */
  readonly numbers: readonly number[];
}

export interface Watched {
  readonly id: string;
  readonly createTime: Timestamp | undefined;
  readonly eventCount: number;
}

/**
 * Maximum number of events to refold for a position. Above it the watch restarts, because folding would delay others.
 */
const refoldedMax = 5_000;

// The leading letter is the version of the cursor's form.
export function cursorAt({ createTime, eventCount }: Watched, ...numbers: readonly number[]): string {
  return `a${createdMs(createTime)}.${[eventCount, ...numbers].join(".")}`;
}

/** Undefined for a cursor of other work, or an unreadable one. */
export function positionIn(cursor: string, { createTime, eventCount }: Watched): WatchPosition | undefined {
  if (!/^a\d{1,16}(?:\.\d{1,10}){1,8}$/.test(cursor)) return undefined;
  const [createMs, event = 0, ...numbers] = cursor.slice(1).split(".").map(Number);
  const isOfIt = createMs === createdMs(createTime) && event >= 1 && event <= eventCount;
  return isOfIt ? { event, numbers } : undefined;
}

function createdMs(createTime: Timestamp | undefined): number {
  return createTime === undefined ? 0 : Math.floor(fromTimestamp(createTime));
}

/**
 * Passes the state that its watcher saw last to `know`. Returns whether that state was available.
 * @param know gets the number of the event to query at. 0: the present state
 */
export async function resume(
  dependencies: MachineDependencies,
  work: Pick<Work, "eventsOf">,
  { id, eventCount }: Watched,
  { event }: WatchPosition,
  know: (atEvent: number) => Promise<void>,
  context: CallContext,
): Promise<boolean> {
  if (event <= refoldedMax) {
    await know(event);
    return true;
  }
  if (event !== eventCount) return false;
  // Nothing has happened since, or it happens right now.
  await know(0);
  return (await work.eventsOf(dependencies, id, context)) === event;
}
