/**
 * Selects the runs that start now, and those that wait.
 *
 * 1. A run starts when the throttle has room, and when its group is free if runs of a group start one after the
 *    other.
 * 2. Runs of a group start in their order. A run that waits for its group does not block other groups.
 * 3. While the trigger is paused nothing starts. Waiting runs start when it is resumed.
 */
import { Singleton, type TriggerItem, type TriggerStart } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { batchMax, throttlePerDefaultMs } from "../limits.ts";
import { policyOf, type TriggerStep, type TriggerView } from "../state.ts";
import { eventsSkipped, startsQueued, startsRequested } from "./events.ts";
import { busyGroups, throttleFreeMs } from "./outstanding.ts";

/** A requested run that has no number yet. */
export interface RequestedRun {
  readonly group: string;
  readonly items: TriggerItem[];
}

/** Requests runs. `groups` are those whose collected events the runs contain. */
export function requestRuns(
  trigger: TriggerView,
  requested: readonly RequestedRun[],
  groups: readonly string[],
  step: TriggerStep,
): void {
  if (requested.length === 0) return;
  const { singleton, throttleCount } = policyOf(trigger.plan);
  if (singleton === Singleton.SINGLETON_UNSPECIFIED && throttleCount === 0) {
    for (let from = 0; from < requested.length; from += batchMax) {
      const part = requested.slice(from, from + batchMax);
      const starts = part.map((run, at) => numbered(trigger, run, trigger.lastNumber + 1 + at, step));
      request(trigger, starts, from === 0 ? groups : [], trigger.paceMs, step);
    }
    return;
  }
  const admitted = singleton === Singleton.SINGLETON_SKIP ? withoutBusy(trigger, requested, step) : requested;
  const starts = admitted.map((run, at) => numbered(trigger, run, trigger.lastNumber + 1 + at, step));
  if (starts.length > 0 || groups.length > 0) step.emit(startsQueued, { starts, groups: [...groups] });
  release(trigger, step);
}

/** Starts waiting runs after something may have become free. */
export function release(trigger: TriggerView, step: TriggerStep): void {
  if (trigger.status !== "active") return;
  while (trigger.waiting.size > 0) {
    const { ready, paceMs } = readyStarts(trigger, step.nowMs);
    if (ready.length === 0) return;
    request(trigger, ready, [], paceMs, step);
  }
}

function readyStarts(trigger: TriggerView, nowMs: number) {
  const { throttleCount, throttlePerMs, singleton } = policyOf(trigger.plan);
  const isSingle = singleton !== Singleton.SINGLETON_UNSPECIFIED;
  const eachMs = throttleCount === 0 ? 0 : (throttlePerMs || throttlePerDefaultMs) / throttleCount;
  const busy = new Set(busyGroups(trigger));
  const ready: ReadOnly<TriggerStart>[] = [];
  let { paceMs } = trigger;
  for (const start of trigger.waiting.values()) {
    if (ready.length === batchMax) break;
    if (isSingle && busy.has(start.group)) continue;
    if (throttleCount > 0 && throttleFreeMs({ ...trigger, paceMs }) > nowMs) break;
    if (throttleCount > 0) paceMs = Math.max(paceMs, nowMs) + eachMs;
    if (isSingle) busy.add(start.group);
    ready.push(start);
  }
  return { ready, paceMs };
}

/** Returns the runs whose group is free. The events of the others have no effect. */
function withoutBusy(
  trigger: TriggerView,
  requested: readonly RequestedRun[],
  step: TriggerStep,
): readonly RequestedRun[] {
  const busy = new Set(busyGroups(trigger));
  for (const { group } of trigger.waiting.values()) busy.add(group);
  const admitted: RequestedRun[] = [];
  const skipped: TriggerItem[] = [];
  for (const run of requested) {
    if (busy.has(run.group)) skipped.push(...run.items);
    else {
      busy.add(run.group);
      admitted.push(run);
    }
  }
  if (skipped.length > 0) step.emit(eventsSkipped, { items: skipped.map(withoutEvent), skipMs: step.nowMs });
  return admitted;
}

/** Returns the record of an event without effect, for the history. */
function withoutEvent(item: TriggerItem): TriggerItem {
  return { ...item, event: new Uint8Array() };
}

function request(
  trigger: TriggerView,
  starts: readonly ReadOnly<TriggerStart>[],
  groups: readonly string[],
  paceMs: number,
  step: TriggerStep,
): void {
  const last = starts.reduce((most, { number }) => Math.max(most, number), trigger.lastNumber);
  step.emit(startsRequested, {
    batch: last + 1,
    // The cast is safe: the value is only read.
    starts: starts as TriggerStart[],
    groups: [...groups],
    requestMs: step.nowMs,
    paceMs,
  });
}

function numbered(
  trigger: TriggerView,
  { group, items }: RequestedRun,
  number: number,
  { key }: TriggerStep,
): TriggerStart {
  return { number, group, items, runId: runIdOf(trigger, items[items.length - 1], key.id) };
}

/**
 * Returns the id of the run of an event, from the trigger and the key. So an event that arrives twice, from another
 * gateway or after a crash, starts one run. If a key may be reused after its window, the id is made of the trigger and
 * the event.
 */
export function runIdOf(
  { plan }: Pick<TriggerView, "plan">,
  item: ReadOnly<TriggerItem> | undefined,
  triggerId: string,
): string {
  if (item === undefined) return triggerId;
  if (item.runId !== "") return item.runId;
  return `${triggerId}-${isOnceForAll(plan) ? item.keyDigest : item.eventDigest}`;
}

function isOnceForAll(plan: TriggerView["plan"]): boolean {
  const { debounceMs, batchSize } = policyOf(plan);
  return plan.windowMs === 0 && debounceMs === 0 && batchSize <= 1;
}
