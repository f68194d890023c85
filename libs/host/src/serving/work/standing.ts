/**
 * Where a watcher of one piece of work stands: which of its events it knows the effects of. The state of then can be
 * had again from the history, so a watch continues after any break, in any process: it tells what is other than it was
 * then.
 */
import { type CallContext, fromTimestamp, type Timestamp } from "@tutti/kernel";
import type { MachineDependencies } from "../machine-calls.ts";
import type { Work } from "./work.ts";

export interface Standing {
  /** The caller knows how it was after this event. */
  readonly event: number;
  /** Up to where it knows what has numbers of its own. */
  readonly numbers: readonly number[];
}

export interface Watched {
  readonly id: string;
  readonly createTime: Timestamp | undefined;
  readonly eventCount: number;
}

/** Beyond so many events, to make the state of then again would hold up others: the watch restarts. */
const refoldedMax = 5_000;

// The leading letter is the version of the cursor's form.
export function cursorAt({ createTime, eventCount }: Watched, ...numbers: readonly number[]): string {
  return `a${createdMs(createTime)}.${[eventCount, ...numbers].join(".")}`;
}

/** Undefined for a cursor that is another's, or that cannot be read. */
export function standingIn(cursor: string, { createTime, eventCount }: Watched): Standing | undefined {
  if (!/^a\d{1,16}(?:\.\d{1,10}){1,8}$/.test(cursor)) return undefined;
  const [createMs, event = 0, ...numbers] = cursor.slice(1).split(".").map(Number);
  const isOfIt = createMs === createdMs(createTime) && event >= 1 && event <= eventCount;
  return isOfIt ? { event, numbers } : undefined;
}

function createdMs(createTime: Timestamp | undefined): number {
  return createTime === undefined ? 0 : Math.floor(fromTimestamp(createTime));
}

/**
 * Has `know` take in how the work was when its watcher saw it last, and says whether it could be had.
 * @param know gets the event after which to ask. 0: the present state.
 */
export async function takeUp(
  dependencies: MachineDependencies,
  work: Pick<Work, "eventsOf">,
  { id, eventCount }: Watched,
  { event }: Standing,
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
