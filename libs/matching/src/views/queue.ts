import type { QueuedTask } from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { isBefore, toTimestamp } from "@tutti/kernel";
import type { Task } from "../parts.ts";
import type { LiveSettings } from "../settings.ts";
import { isWaiting } from "../task/queueing.ts";
import type { Tasks } from "../task/tasks.ts";
import { momentOf, type StartEstimates } from "./expected.ts";
import type { WaitReasons } from "./waits.ts";
import { workOf } from "./work.ts";

/** The parts that the view of the queue reads. */
export interface QueueParts {
  readonly tasks: Tasks;
  readonly settings: LiveSettings;
  readonly reasons: WaitReasons;
  readonly estimates: StartEstimates;
}

/**
 * Tasks that wait, by rank: the order within each namespace. How namespaces take turns depends on who gets free where.
 * Looks at all of them: for people.
 */
export function queuedViews(parts: QueueParts, count: number, nowMs: number): QueuedTask[] {
  const waiting = [...parts.tasks.values()].filter(isWaiting);
  waiting.sort((one, other) => (isBefore(one, other) ? -1 : 1));
  return waiting.slice(0, count).map((task, at) => queuedView(parts, task, at + 1, nowMs));
}

function queuedView(parts: QueueParts, task: Task, place: number, nowMs: number): QueuedTask {
  const { readyMs, priority, demand, attempt } = task;
  const waitedMs = nowMs - readyMs;
  const [reason] = [
    (task.stage === "hooked" ? undefined : parts.reasons.missing(task, nowMs)) ??
      parts.reasons.of(task, nowMs)[0],
  ];
  return {
    work: workOf(task),
    capability: demand.wish.capability,
    versionRange: demand.wish.range,
    place,
    priority,
    effectivePriority: priority + waitedMs / parts.settings.current.ageingMs,
    queueTime: toTimestamp(readyMs),
    waitedMs,
    attempt,
    cause: reason?.cause ?? WaitCause.WAIT_CAUSE_UNSPECIFIED,
    expectedStartTime: momentOf(parts.estimates.startMs(task, nowMs)),
  };
}
