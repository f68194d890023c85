/**
 * Second copies of attempts that take much longer than usual: the first of both that does what it should counts.
 *
 * 1. A copy is an attempt with a token of its own, that only this pool and its agent know. Its sender hears of one
 *    attempt.
 * 2. A copy starts only if no task waits for the slot that it takes, at another agent, and within the share of all
 *    slots that copies may take. A task with limits has none: it would count once and run twice.
 * 3. While both are running, that one of them fails or is lost is not told: the other one's outcome is the attempt's.
 * 4. When one of them counts, the other is asked to end. A copy that counted is known by its token until the outcome is
 *    durable, since its agent keeps the result until then.
 */
import type { PoolCore } from "../books.ts";
import type { Task, Twin } from "../parts.ts";
import { detach, stop } from "./releasing.ts";

const never = Number.POSITIVE_INFINITY;

/** Notes when a task that an agent was just given has taken so long that it is to be doubled. */
export function watchForStraggling(core: PoolCore, task: Task, nowMs: number): void {
  const { profile, extras, twin } = task;
  const { doubling } = core.settings;
  if (!profile.mayBeDoubled || !doubling.enabled || twin?.original !== undefined) return;
  if (extras !== undefined && extras.limits.length > 0) return;
  const usualMs = core.times.quantileMs(task.demand.wish.capability, doubling.quantile);
  if (usualMs === undefined) return;
  task.twin = twinOf(undefined, nowMs + usualMs);
  core.watch(task);
}

/** A straggler is looked at after all that wait have been: what is free then is free. */
export function notice(core: PoolCore, task: Task, nowMs: number): void {
  const { twin } = task;
  if (twin === undefined || twin.straggleDueMs > nowMs) return;
  twin.straggleDueMs = never;
  core.stragglers.push(task);
}

/** A copy is no longer wanted: only its agent is informed. */
export function dropCopy(core: PoolCore, copy: Task, reason: string, nowMs: number): void {
  part(core, copy);
  stop(core, copy, reason, core.settings.graceMs, nowMs);
  copy.stage = "forgotten";
  if (copy.agent === undefined) core.forget(copy, nowMs);
  else core.watch(copy);
}

/** A copy has failed, or its agent is gone: the original continues alone. */
export function endCopy(core: PoolCore, copy: Task, nowMs: number): void {
  part(core, copy);
  detach(core, copy, true, nowMs);
  core.forget(copy, nowMs);
}

/**
 * The original has failed or is lost while its copy is running: that one's outcome is awaited. Gives whether it is so.
 */
export function leaveToCopy(core: PoolCore, task: Task, nowMs: number): boolean {
  if (task.twin?.copy === undefined) return false;
  detach(core, task, true, nowMs);
  core.watch(task);
  return true;
}

/** The original and its copy have nothing more to do with each other. */
export function part(core: PoolCore, copy: Task): void {
  const twin = copy.twin?.original?.twin;
  if (twin?.copy !== copy) return;
  twin.copy = undefined;
  core.copies--;
}

export function twinOf(original: Task | undefined, straggleDueMs: number): Twin {
  return { original, straggleDueMs, copy: undefined, winner: undefined };
}
