/** When to look at work again: as soon as something has happened to it, and as often as others are not held up by that. */
import { type CallContext, type Foundation, sleep, type Timestamp } from "@tutti/kernel";
import { whenOwned } from "../../runtime/admission.ts";
import { newsOf } from "../../runtime/machines/desk.ts";
import type { MachineDesk } from "../machine-calls.ts";
import type { Work } from "./work.ts";

export interface LookingDesk extends MachineDesk {
  readonly foundation: Pick<Foundation, "clock" | "timers">;
}

/** Changes are told at most so often. */
const gatherMs = 20;
/** And who watches looks for a fifth of the time at most: others are served by the same process. */
const restsPerLook = 4;
const restMaxMs = 2_000;

export interface Look {
  /** Whether it is time to look; else it is time for a sign of life. */
  readonly isLook: boolean;
  /** Events that there were before it: what comes after this number is seen by the next one. */
  readonly events: number;
  /** It has ended: this is the last look. */
  readonly isOver: boolean;
}

/** Ends after the work has, with a last look. */
export async function* looksAt(
  desk: LookingDesk,
  work: Pick<Work, "keyOf" | "factsOf">,
  id: string,
  context: CallContext,
): AsyncGenerator<Look, void> {
  const { signal } = context;
  const { clock, timers } = desk.foundation;
  const key = work.keyOf(context.namespace, id);
  while (!signal.aborted) {
    const { events, isEnded: isOver } = await work.factsOf(desk, id, context);
    const sinceMs = clock.monotonic();
    yield { isLook: true, events, isOver };
    if (isOver) return;
    const restMs = Math.min(restMaxMs, Math.max(gatherMs, restsPerLook * (clock.monotonic() - sinceMs)));
    while (
      !signal.aborted &&
      !(await newsOf(() => desk.runtime.hasNews(key, events), desk.foundation, signal))
    )
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
  /** Aborted as soon as it has ended, where somebody knows that before it is looked for. */
  readonly rung?: AbortSignal;
}

/** Work when it has ended, or as it is when the wait is over. */
export async function whenEnded<Item extends Whole>(
  desk: LookingDesk,
  work: Pick<Work, "keyOf">,
  { id, waitMs, look, rung }: Awaiting<Item>,
  context: CallContext,
): Promise<Item> {
  const { clock, timers } = desk.foundation;
  const key = work.keyOf(context.namespace, id);
  const untilMs = clock.monotonic() + waitMs;
  const given = rung === undefined ? [context.signal] : [context.signal, rung];
  for (;;) {
    const item = await look();
    const leftMs = untilMs - clock.monotonic();
    if (item.endTime !== undefined || leftMs <= 0 || context.signal.aborted) return item;
    const late = new AbortController();
    const timer = timers.after(leftMs, () => late.abort());
    const waiting = AbortSignal.any([...given, late.signal]);
    await newsOf(() => desk.runtime.hasNews(key, item.eventCount), desk.foundation, waiting);
    timer.cancel();
    // Another owner has it by now: the next look goes there.
    await whenOwned(desk, key, context, () => undefined);
  }
}
