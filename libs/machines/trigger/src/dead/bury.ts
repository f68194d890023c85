/** Keeps dead letters up to a number and a size. The oldest are dropped, and counted. */
import { ActivationResult, type TriggerItem } from "@tutti/contracts/workflow/v1";
import { deadBytesMax, deadMax } from "../limits.ts";
import type { Trigger } from "../state.ts";

export const deadResult = ActivationResult.ACTIVATION_RESULT_DEAD;

export function bury(trigger: Trigger, items: readonly TriggerItem[], dieMs: number): void {
  for (const item of items) {
    const number = ++trigger.lastNumber;
    trigger.dead.set(number, { number, item, dieMs });
    trigger.deadBytes += item.event.length;
  }
  for (const number of trigger.dead.keys()) {
    if (trigger.dead.size <= deadMax && (trigger.deadBytes <= deadBytesMax || trigger.dead.size <= 1)) return;
    exhume(trigger, number);
    trigger.counts.dropped += 1;
  }
}

export function exhume(trigger: Trigger, number: number): void {
  trigger.deadBytes -= trigger.dead.get(number)?.item?.event.length ?? 0;
  trigger.dead.delete(number);
}
