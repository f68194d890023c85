/** Outstanding timer and effects of a trigger: its only timer, and the requested starts of runs. */
import { Singleton, type StartingBatch, type TriggerPlan } from "@tutti/contracts/workflow/v1";
import { assert, type Outstanding, type ReadOnly } from "@tutti/kernel";
import { throttlePerDefaultMs } from "../limits.ts";
import { clockTimer, policyOf, type StartTriggered, type TriggerEffect, type TriggerView } from "../state.ts";

/** Returns when a group of events is complete, or the throttle allows the next run. 0 for never. */
function dueOf(trigger: TriggerView): number {
  if (trigger.status !== "active") return 0;
  let dueMs = 0;
  for (const group of trigger.groups.values()) if (dueMs === 0 || group.dueMs < dueMs) dueMs = group.dueMs;
  const freeMs = trigger.waiting.size > 0 && hasReady(trigger) ? throttleFreeMs(trigger) : 0;
  return freeMs > 0 && (dueMs === 0 || freeMs < dueMs) ? freeMs : dueMs;
}

export function setTimer(trigger: TriggerView, outstanding: Outstanding<TriggerEffect>): void {
  const dueMs = dueOf(trigger);
  if (dueMs > 0) outstanding.timer(clockTimer, dueMs);
  else outstanding.cleared(clockTimer);
}

/** Returns when the throttle allows the next run, at least 1. 0 without a throttle. */
export function throttleFreeMs({ plan, paceMs }: TriggerView): number {
  const { throttleCount, throttlePerMs } = policyOf(plan);
  if (throttleCount === 0) return 0;
  const perMs = throttlePerMs || throttlePerDefaultMs;
  return Math.max(1, Math.ceil(paceMs - (perMs - perMs / throttleCount)));
}

/** Returns the groups with a live run, if other runs wait for its end. */
export function busyGroups(trigger: TriggerView): ReadonlySet<string> {
  return policyOf(trigger.plan).singleton === Singleton.SINGLETON_UNSPECIFIED
    ? new Set()
    : new Set(trigger.live.values());
}

/** Returns whether one of the waiting runs only waits for the throttle. */
function hasReady(trigger: TriggerView): boolean {
  const busy = busyGroups(trigger);
  if (busy.size === 0) return true;
  for (const { group } of trigger.waiting.values()) if (!busy.has(group)) return true;
  return false;
}

/** Returns the effect that starts a batch, by the plan at the time of the decision. */
export function startingEffect(trigger: TriggerView, batch: ReadOnly<StartingBatch>): StartTriggered {
  const { revision, starts } = batch;
  const plan: ReadOnly<TriggerPlan> | undefined =
    revision === trigger.revision ? trigger.plan : trigger.former.get(revision);
  assert(plan !== undefined, "the plan of pending starts is stored", { revision });
  return { kind: "start_triggered", plan, starts };
}

export function recover(trigger: TriggerView, outstanding: Outstanding<TriggerEffect>): void {
  const dueMs = dueOf(trigger);
  if (dueMs > 0) outstanding.timer(clockTimer, dueMs);
  for (const batch of trigger.starting.values())
    outstanding.effect(batch.batch, 1, startingEffect(trigger, batch));
}
