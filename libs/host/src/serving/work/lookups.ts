/** Schedules the look-ups of running work: as soon as it has changed, and as often as other work allows. */
import { type CallContext, type Foundation, sleep, type Timestamp } from "@tutti/kernel";
import { whenOwned } from "../../runtime/admission.ts";
import { waitForEvent } from "../../runtime/machines/dependencies.ts";
import type { MachineDependencies } from "../machine-calls.ts";
import type { Work } from "./work.ts";

export interface LookupDependencies extends MachineDependencies {
  readonly foundation: Pick<Foundation, "clock" | "timers">;
}

/** Minimum time between two reports of changes. */
const gatherMs = 20;
/** A watch looks for at most a fifth of the time: the same process serves others. */
const restsPerLookup = 4;
const restMaxMs = 2_000;

export interface Lookup {
  /** True for a look-up, false for a heartbeat. */
  readonly isLookup: boolean;
  /** The number of events before it: the next look-up sees later ones. */
  readonly events: number;
  /** The work has ended: this is the last look-up. */
  readonly isOver: boolean;
}

/** Ends after the work has ended, with a last look-up. */
export async function* lookupsOf(
  dependencies: LookupDependencies,
  work: Pick<Work, "keyOf" | "factsOf">,
  id: string,
  context: CallContext,
): AsyncGenerator<Lookup, void> {
  const { signal } = context;
  const { clock, timers } = dependencies.foundation;
  const key = work.keyOf(context.namespace, id);
  while (!signal.aborted) {
    const { events, isEnded: isOver } = await work.factsOf(dependencies, id, context);
    const sinceMs = clock.monotonic();
    yield { isLookup: true, events, isOver };
    if (isOver) return;
    const restMs = Math.min(restMaxMs, Math.max(gatherMs, restsPerLookup * (clock.monotonic() - sinceMs)));
    while (!signal.aborted && !(await waitForEvent(dependencies, key, { after: events }, signal)))
      yield { isLookup: false, events, isOver };
    await sleep(timers, restMs, signal).catch(() => {});
  }
}

/** Work in the form of contracts. */
interface WorkItem {
  readonly endTime: Timestamp | undefined;
  readonly eventCount: number;
}

export interface Awaiting<Item> {
  readonly id: string;
  readonly waitMs: number;
  readonly read: () => Promise<Item>;
  /** Wakes at any event after this one. 0 for the end only. */
  readonly afterEvent?: number;
  /** Aborted when the work has ended, if that is known before the look-up. */
  readonly endSignal?: AbortSignal;
}

/** Minimum time between the end of a wait and the deadline of its call: the reply has to reach the caller. */
const replyMs = 1_000;

/**
 * Returns work when it has ended or changed, or its present state at the end of the wait. A call that was redirected to
 * another owner starts its wait again there, and never waits until its deadline.
 */
export async function whenEnded<Item extends WorkItem>(
  dependencies: LookupDependencies,
  work: Pick<Work, "keyOf">,
  { id, waitMs, read, afterEvent = 0, endSignal }: Awaiting<Item>,
  context: CallContext,
): Promise<Item> {
  const { clock } = dependencies.foundation;
  const key = work.keyOf(context.namespace, id);
  const startMs = clock.monotonic();
  const callMs = context.deadlineMs - startMs;
  const untilMs = startMs + Math.min(waitMs, callMs - Math.min(replyMs, callMs / 4));
  const signal = endSignal === undefined ? context.signal : AbortSignal.any([context.signal, endSignal]);
  const endOnly = afterEvent === 0;
  for (;;) {
    const item = await read();
    const remainingMs = untilMs - clock.monotonic();
    if (item.endTime !== undefined || remainingMs <= 0 || context.signal.aborted) return item;
    if (!endOnly && item.eventCount > afterEvent) return item;
    await waitForEvent(dependencies, key, { after: item.eventCount, endOnly, withinMs: remainingMs }, signal);
    // Another owner has it by now: the next look-up goes there.
    await whenOwned(dependencies, key, context, () => undefined);
  }
}
