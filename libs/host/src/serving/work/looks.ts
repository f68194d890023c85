/** Schedules the look-ups of running work: as soon as it has changed, and as often as other work allows. */
import { type CallContext, type Foundation, sleep, type Timestamp } from "@tutti/kernel";
import { whenOwned } from "../../runtime/admission.ts";
import { heardOf } from "../../runtime/machines/dependencies.ts";
import type { MachineDependencies } from "../machine-calls.ts";
import type { Work } from "./work.ts";

export interface LookingDependencies extends MachineDependencies {
  readonly foundation: Pick<Foundation, "clock" | "timers">;
}

/** Minimum time between two reports of changes. */
const gatherMs = 20;
/** A watch looks for at most a fifth of the time: the same process serves others. */
const restsPerLook = 4;
const restMaxMs = 2_000;

export interface Look {
  /** True for a look-up, false for a sign of life. */
  readonly isLook: boolean;
  /** The number of events before it: the next look-up sees later ones. */
  readonly events: number;
  /** The work has ended: this is the last look-up. */
  readonly isOver: boolean;
}

/** Ends after the work has ended, with a last look-up. */
export async function* looksAt(
  dependencies: LookingDependencies,
  work: Pick<Work, "keyOf" | "factsOf">,
  id: string,
  context: CallContext,
): AsyncGenerator<Look, void> {
  const { signal } = context;
  const { clock, timers } = dependencies.foundation;
  const key = work.keyOf(context.namespace, id);
  while (!signal.aborted) {
    const { events, isEnded: isOver } = await work.factsOf(dependencies, id, context);
    const sinceMs = clock.monotonic();
    yield { isLook: true, events, isOver };
    if (isOver) return;
    const restMs = Math.min(restMaxMs, Math.max(gatherMs, restsPerLook * (clock.monotonic() - sinceMs)));
    while (!signal.aborted && !(await heardOf(dependencies, key, { after: events }, signal)))
      yield { isLook: false, events, isOver };
    await sleep(timers, restMs, signal).catch(() => {});
  }
}

/** Work in the form of contracts. */
interface Whole {
  readonly endTime: Timestamp | undefined;
  readonly eventCount: number;
}

export interface Awaiting<Item> {
  readonly id: string;
  readonly waitMs: number;
  readonly look: () => Promise<Item>;
  /** Wakes at any event after this one. 0 for the end only. */
  readonly afterEvent?: number;
  /** Aborted when the work has ended, if that is known before the look-up. */
  readonly rung?: AbortSignal;
}

/** Minimum time between the end of a wait and the deadline of its call: the reply has to reach the caller. */
const replyMs = 1_000;

/**
 * Returns work when it has ended or changed, or its present state at the end of the wait. A call that was redirected to
 * another owner starts its wait again there, and never waits until its deadline.
 */
export async function whenEnded<Item extends Whole>(
  dependencies: LookingDependencies,
  work: Pick<Work, "keyOf">,
  { id, waitMs, look, afterEvent = 0, rung }: Awaiting<Item>,
  context: CallContext,
): Promise<Item> {
  const { clock } = dependencies.foundation;
  const key = work.keyOf(context.namespace, id);
  const startMs = clock.monotonic();
  const callMs = context.deadlineMs - startMs;
  const untilMs = startMs + Math.min(waitMs, callMs - Math.min(replyMs, callMs / 4));
  const signal = rung === undefined ? context.signal : AbortSignal.any([context.signal, rung]);
  const endOnly = afterEvent === 0;
  for (;;) {
    const item = await look();
    const leftMs = untilMs - clock.monotonic();
    if (item.endTime !== undefined || leftMs <= 0 || context.signal.aborted) return item;
    if (!endOnly && item.eventCount > afterEvent) return item;
    await heardOf(dependencies, key, { after: item.eventCount, endOnly, withinMs: leftMs }, signal);
    // Another owner has it by now: the next look-up goes there.
    await whenOwned(dependencies, key, context, () => undefined);
  }
}
