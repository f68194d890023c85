import { TaskStatus } from "@tutti/contracts/types/v1";
import { effectNumber, effectTags } from "../numbers.ts";
import type { Run, RunOutstanding } from "../state.ts";
import { offerOf } from "./offer.ts";

/** What is offered is offered again, the same attempt, because it is more urgent than before, or less. */
export function reoffer(run: Run, outstanding: RunOutstanding): void {
  for (const node of run.nodes) {
    if (node === undefined || !isOffered(node.status)) continue;
    const { kind } = node.range.plan.task(node.task);
    if (kind !== "uses") continue;
    outstanding.effect(effectNumber(node.number, effectTags.work), node.attempt, offerOf(run, node));
  }
}

function isOffered(status: TaskStatus): boolean {
  return status === TaskStatus.TASK_STATUS_QUEUED || status === TaskStatus.TASK_STATUS_RUNNING;
}
