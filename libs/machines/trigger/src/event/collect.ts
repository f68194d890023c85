/**
 * Events wait for more events of their group: until no more arrive (debounce), or until there are enough (batch).
 *
 * 1. In a debounced group the last event counts. Its run starts after a quiet period, and at the latest after the
 *    maximum since its first event.
 * 2. A batch starts when it is full, or after its wait since its first event.
 */
import { type CollectedGroup, EventsCollectedV1, type TriggerItem } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { batchWaitDefaultMs, debounceMaxTimes } from "../limits.ts";
import { setTimer } from "../start/outstanding.ts";
import { type RequestedRun, release, requestRuns } from "../start/release.ts";
import { bytesOf, policyOf, type TriggerMachineEvent, type TriggerStep, type TriggerView } from "../state.ts";

export const eventsCollected: TriggerMachineEvent<EventsCollectedV1> = {
  type: "events_collected",
  version: 1,
  codec: EventsCollectedV1,
  evolve(trigger, { group: name, items, replaces, firstMs, dueMs }, outstanding) {
    const before = trigger.groups.get(name);
    const remaining = replaces ? [] : (before?.items ?? []);
    trigger.heldBytes += bytesOf(items) - (replaces ? bytesOf(before?.items ?? []) : 0);
    trigger.groups.set(name, { group: name, items: [...remaining, ...items], firstMs, dueMs });
    setTimer(trigger, outstanding);
  },
};

export function collect(trigger: TriggerView, items: readonly TriggerItem[], step: TriggerStep): void {
  const byGroup = new Map<string, TriggerItem[]>();
  for (const item of items) {
    const known = byGroup.get(item.group);
    if (known === undefined) byGroup.set(item.group, [item]);
    else known.push(item);
  }
  const isDebounced = policyOf(trigger.plan).debounceMs > 0;
  for (const [group, groupItems] of byGroup)
    if (isDebounced) debounce(trigger, group, groupItems, step);
    else batch(trigger, group, groupItems, step);
}

function debounce(
  trigger: TriggerView,
  group: string,
  items: readonly TriggerItem[],
  step: TriggerStep,
): void {
  const { debounceMs, debounceMaxMs } = policyOf(trigger.plan);
  const { nowMs } = step;
  const firstMs = trigger.groups.get(group)?.firstMs ?? nowMs;
  const longestMs = debounceMaxMs || debounceMs * debounceMaxTimes;
  const dueMs = Math.min(nowMs + debounceMs, firstMs + Math.max(debounceMs, longestMs));
  step.emit(eventsCollected, { group, items: items.slice(-1), replaces: true, firstMs, dueMs });
}

function batch(trigger: TriggerView, group: string, items: readonly TriggerItem[], step: TriggerStep): void {
  const { batchSize, batchWaitMs } = policyOf(trigger.plan);
  const { nowMs } = step;
  let left = items;
  while (left.length > 0) {
    const before = trigger.groups.get(group);
    const room = Math.max(0, batchSize - (before?.items.length ?? 0));
    const part = left.slice(0, room);
    left = left.slice(room);
    const firstMs = before?.firstMs ?? nowMs;
    const dueMs = firstMs + (batchWaitMs || batchWaitDefaultMs);
    if (part.length < room) {
      step.emit(eventsCollected, { group, items: [...part], replaces: false, firstMs, dueMs });
      return;
    }
    const full = [...((before?.items ?? []) as TriggerItem[]), ...part];
    requestRuns(trigger, [{ group, items: full }], before === undefined ? [] : [group], step);
  }
}

/** Handles the timer: groups are complete, or the throttle has room. */
export function expire(trigger: TriggerView, step: TriggerStep): void {
  if (trigger.status !== "active") return;
  const due = [...trigger.groups.values()].filter(({ dueMs }) => dueMs <= step.nowMs);
  if (due.length > 0)
    requestRuns(
      trigger,
      due.map(runOf),
      due.map(({ group }) => group),
      step,
    );
  release(trigger, step);
}

function runOf({ group, items }: ReadOnly<CollectedGroup>): RequestedRun {
  // The cast is safe: the value is only read.
  return { group, items: items as TriggerItem[] };
}
