/** Failed attempts of a node, kept for readers. For folds. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import type { AttemptFailure } from "@tutti/contracts/workflow/v1";
import { failuresMax } from "@tutti/machine-work";
import { detailOf, type Node, type Run } from "../state/state.ts";

const { TASK_STATUS_UNSPECIFIED: unspecified } = TaskStatus;

type Failure = Pick<AttemptFailure, "attempt" | "error" | "agent" | "endMs" | "undo">;

/** Records a failed attempt. Call this before the node forgets when its attempt started. */
export function recordFailure(
  run: Run,
  node: Node,
  failure: Failure,
  status: TaskStatus = unspecified,
): void {
  const { failures } = detailOf(node);
  const atMs = (offset: number) => (offset < 0 ? 0 : run.createMs + offset);
  failures.push({
    ...failure,
    queueMs: atMs(node.queueAt),
    startMs: atMs(node.startAt),
    starter: node.startAt < 0 ? "" : node.agent,
    gave: status,
  });
  if (failures.length > failuresMax) failures.shift();
}

/**
 * Records the last attempt of a visit: the task is paused, or has failed and is repeated. Does nothing if the
 * visit had no attempt: an input that cannot be computed fails without one.
 */
export function recordLastFailure(run: Run, node: Node, endMs: number, status: TaskStatus): void {
  const { attempt, error, readyAt, queueAt } = node;
  const isRecorded = node.more?.failures.at(-1)?.attempt === attempt;
  if (attempt === 0 || error === undefined || isRecorded || readyAt < 0 || queueAt < readyAt) return;
  recordFailure(run, node, { attempt, error, agent: "", endMs, undo: false }, status);
}
