import type { QueuedTask } from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { isBefore, toTimestamp } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import type { Task } from "../parts.ts";
import { isWaiting } from "../task/offering.ts";
import { expectedStartMs, momentOf } from "./expected.ts";
import { missingReason, reasonsOf } from "./waits.ts";
import { workOf } from "./work.ts";

/**
 * Tasks that wait, by rank: the order within each namespace. How namespaces take turns depends on who gets free where.
 * Looks at all of them: for people.
 */
export function queuedViews(core: PoolCore, count: number, nowMs: number): QueuedTask[] {
  const waiting = [...core.tasks.values()].filter(isWaiting);
  waiting.sort((one, other) => (isBefore(one, other) ? -1 : 1));
  return waiting.slice(0, count).map((task, at) => queuedView(core, task, at + 1, nowMs));
}

function queuedView(core: PoolCore, task: Task, place: number, nowMs: number): QueuedTask {
  const { readyMs, priority, demand, attempt } = task;
  const waitedMs = nowMs - readyMs;
  const [reason] = [
    (task.stage === "hooked" ? undefined : missingReason(core, task, nowMs)) ??
      reasonsOf(core, task, nowMs)[0],
  ];
  return {
    work: workOf(task),
    capability: demand.wish.capability,
    versionRange: demand.wish.range,
    place,
    priority,
    effectivePriority: priority + waitedMs / core.settings.ageingMs,
    queueTime: toTimestamp(readyMs),
    waitedMs,
    attempt,
    cause: reason?.cause ?? WaitCause.WAIT_CAUSE_UNSPECIFIED,
    expectedStartTime: momentOf(expectedStartMs(core, task, nowMs)),
  };
}
