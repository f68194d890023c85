/** The running time of an attempt: as its agent reports it, within the time that the pool measured. */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Task } from "./task.ts";

/** Resolution of the clocks. 0 would mean that the time was not measured. */
const leastMs = 1;

/**
 * Returns the result with at most the time since its agent received the task. An agent that reports a longer time
 * cannot change what estimates, costs and the cache learn. A time that is no number from 0 on counts as not measured.
 */
export function withMeasuredTime(
  result: Result,
  { receivedMs }: Pick<Task, "receivedMs">,
  nowMs: number,
): Result {
  const { runMs } = result;
  const elapsedMs = Math.max(leastMs, nowMs - receivedMs);
  if (runMs >= 0 && runMs <= elapsedMs) return result;
  return { ...result, runMs: runMs > elapsedMs ? elapsedMs : 0 };
}
