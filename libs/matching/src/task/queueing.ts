/** Moves tasks between the places where they wait: their queue, and the line of a full limit. */
import { namedMax } from "../bounds.ts";
import type { Limit } from "../limits/room.ts";
import { partyOf, partyWeightOf } from "../queue/share.ts";
import type { Extras, Task } from "./task.ts";

/** Puts a task into its queue, or to the waiting members of its gang. */
export function enqueue(task: Task): void {
  if (task.extras?.gang?.hold(task) === true) return;
  task.stage = "queued";
  const share = task.demand.shareOf(partyOf(task), partyWeightOf(task));
  task.share = share;
  share.add(task);
}

export function isLimitedBy({ stage, extras }: Task, limit: Limit<Task>): boolean {
  return stage === "limited" && extras?.waitsFor === limit.id;
}

/** Records that a task, which is in no queue, no longer waits for its limit. */
export function removeFromLimit(task: Task, nowMs: number): void {
  const { extras } = task;
  if (extras === undefined) return;
  extras.limits.find(({ id }) => id === extras.waitsFor)?.removeWaiting(task);
  recordWait(extras, nowMs);
  extras.waitsFor = "";
}

/** Queues a task again after its limit has room. */
export function resumeAfterLimit(task: Task, nowMs: number): void {
  const { extras } = task;
  if (extras === undefined) return;
  recordWait(extras, nowMs);
  extras.wokenBy = extras.limits.find((limit) => limit.id === extras.waitsFor);
  extras.waitsFor = "";
  enqueue(task);
}

function recordWait(extras: Extras, nowMs: number): void {
  const key = extras.limits.find(({ id }) => id === extras.waitsFor)?.key ?? "";
  if (nowMs > extras.waitsSinceMs && extras.waited.length < namedMax)
    extras.waited.push({ key, fromMs: extras.waitsSinceMs, toMs: nowMs });
}

/** Returns whether no agent has the task yet. */
export function isWaiting({ stage }: Task): boolean {
  return (
    stage === "queued" || stage === "limited" || stage === "hooked" || stage === "ganged" || stage === "away"
  );
}
