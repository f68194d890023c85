/**
 * When to look running again: as soon as something has happened to it, and as often as others are not held up by that.
 */
import { type CallContext, type Foundation, sleep, type Timestamp } from "@tutti/kernel";
import { whenOwned } from "../../runtime/admission.ts";
import { heardOf } from "../../runtime/machines/dependencies.ts";
import type { MachineDependencies } from "../machine-calls.ts";
import type { Work } from "./work.ts";

export interface LookingDependencies extends MachineDependencies {
  readonly foundation: Pick<Foundation, "clock" | "timers">;
}

/** The shortest time between two reports of changes. */
const gatherMs = 20;
/** A watch looks for a fifth of the time at most: the same process serves others. */
const restsPerLook = 4;
const restMaxMs = 2_000;

export interface Look {
  /** Whether it is time to look. Else it is time for a sign of life. */
  readonly isLook: boolean;
  /** The number of events before it: the next look sees the later ones. */
  readonly events: number;
  /** It has ended: this is the last look. */
  readonly isOver: boolean;
}

/** Ends after the work has, with a last look. */
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

/** Work as contracts show it. */
interface Whole {
  readonly endTime: Timestamp | undefined;
  readonly eventCount: number;
}

export interface Awaiting<Item> {
  readonly id: string;
  readonly waitMs: number;
  readonly look: () => Promise<Item>;
  /** An event: what happens behind it is enough. 0 for the end alone. */
  readonly afterEvent?: number;
  /** Aborted as soon as it has ended, if that is known before the lookup. */
  readonly rung?: AbortSignal;
}

/** How long before the deadline of its call a wait ends, at most: the reply has to reach the caller. */
const replyMs = 1_000;

/**
 * Work when it has ended, or when more has happened to it than was known, or as it is when the wait is over. A call that
 * was sent on to another owner starts its wait again there, and never waits until its deadline.
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
    // Another owner has it by now: the next look goes there.
    await whenOwned(dependencies, key, context, () => undefined);
  }
}
