/** How an agent comes to have a task no longer. */
import type { PoolCore } from "../books.ts";
import type { Task } from "../parts.ts";

const never = Number.POSITIVE_INFINITY;

/** A task's agent no longer has it. */
export function detach(core: PoolCore, task: Task, hasBegun: boolean, nowMs: number): void {
  const { agent, extras } = task;
  if (agent === undefined) return;
  agent.remove(task);
  if (agent.used === 0) agent.idleSinceMs = nowMs;
  if (task.stage === "working") core.working--;
  core.readiness.loosened(agent);
  core.allotments?.areas?.ended(task);
  if (extras === undefined) return;
  for (const limit of extras.limits) limit.end(hasBegun, task.demand);
  for (const limit of extras.limits) core.limits.wake(limit, nowMs);
}

/**
 * The agent of an attempt is asked to end it, because it is over for its sender. Until it says so, or so long, its slot
 * is taken. What becomes of the task besides is the caller's to say.
 */
export function stop(core: PoolCore, task: Task, reason: string, graceMs: number, nowMs: number): void {
  const { agent } = task;
  if (agent === undefined) return;
  agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs });
  if (graceMs <= 0) {
    detach(core, task, true, nowMs);
    return;
  }
  core.working--;
  task.stage = "ended";
  task.stopDueMs = nowMs + graceMs;
}

/** An agent is done with an attempt that had ended already. */
export function letGoOf(core: PoolCore, task: Task, nowMs: number): void {
  task.stopDueMs = never;
  detach(core, task, true, nowMs);
  if (task.stage === "forgotten") core.forget(task, nowMs);
  else core.watch(task);
}
