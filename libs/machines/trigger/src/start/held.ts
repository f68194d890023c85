/** Runs that wait or are being started: their ids, and the bytes of their events. */
import type { TriggerStart } from "@tutti/contracts/workflow/v1";
import { bytesOf, type Trigger } from "../state.ts";

export function addHeld(trigger: Trigger, { runId, items }: TriggerStart): void {
  trigger.held.set(runId, (trigger.held.get(runId) ?? 0) + 1);
  trigger.heldBytes += bytesOf(items);
}

export function removeHeld(trigger: Trigger, { runId, items }: TriggerStart): void {
  const count = (trigger.held.get(runId) ?? 1) - 1;
  if (count > 0) trigger.held.set(runId, count);
  else trigger.held.delete(runId);
  trigger.heldBytes -= bytesOf(items);
}
