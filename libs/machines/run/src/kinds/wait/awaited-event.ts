/** Returns the event that a task waits for, from its plan. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Work } from "@tutti/definitions";
import type { AwaitEvent } from "../../core/state/effects.ts";
import { taskIdOf } from "../../core/state/places.ts";
import { moreOf, type NodeView, type Run, type RunView } from "../../core/state/state.ts";

/** Returns the name of an event as a signal of the run: no signal can have this name. */
export function nameOfEvent(type: string): string {
  return `event:${type}`;
}

export function awaitedEvent(work: Work): Extract<Work, { readonly kind: "waitEvent" }> | undefined {
  return work.kind === "waitEvent" ? work : undefined;
}

/** Returns the effect. Undefined for a task that does not wait for an event. */
export function awaitOf(run: RunView, { number, range, task }: NodeView): AwaitEvent | undefined {
  const { plan } = range;
  const awaited = awaitedEvent(plan.work(plan.task(task)));
  if (awaited === undefined) return undefined;
  const { type, source } = awaited;
  return { kind: "await_event", taskId: taskIdOf(run, number), type, source, sinceMs: run.createMs };
}

/** For folds, after a reset: tasks wait again under another number. */
export function restartEventWaits(run: Run): void {
  for (const node of run.nodes) {
    if (node?.status !== TaskStatus.TASK_STATUS_WAITING || node.more === undefined) continue;
    if (awaitOf(run, node) === undefined) continue;
    const more = moreOf(run);
    more.leaseCount += 1;
    node.more.leaseAttempt = more.leaseCount;
  }
}
