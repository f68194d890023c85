/** Decides how tasks end: with an output, with an error, or with another attempt. */
import { type Amounts, type ErrorDetail, TaskStatus } from "@tutti/contracts/types/v1";
import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import type { ReadOnly, RetryPolicy } from "@tutti/kernel";
import { afterFailure, bytesOf, type Data, detailOfRefusal, payloadOf } from "@tutti/machine-work";
import { runErrors } from "../../errors.ts";
import { taskCompleted, taskFailed, taskPaused } from "../node/events.ts";
import { idOf, type Place } from "../node/task-kind.ts";
import { storedBytesMax } from "../state/limits.ts";
import type { RunView } from "../state/state.ts";
import { failCompensation } from "./compensation.ts";
import { attemptFailed } from "./events.ts";

export interface AttemptReport {
  readonly agent?: string;
  /** Running time of the attempt. */
  readonly runMs?: number;
  readonly used?: Amounts | undefined;
  readonly fromCache?: boolean;
  /** Questions that rules ask people before the output counts. */
  readonly questions?: ReadOnly<ResultQuestion[]>;
  /** The child is being started, and starts anyway. */
  readonly leavesChild?: boolean;
}

/** Completes a task with its output, unless the run has no room for the output. */
export function complete(place: Place, output: Data | undefined, attemptReport: AttemptReport = {}): void {
  const { run, number, step } = place;
  const { agent = "", used, fromCache = false } = attemptReport;
  const tooLarge = roomProblem(run, bytesOf(output).length);
  if (tooLarge !== undefined) {
    failForGood(place, tooLarge, attemptReport);
    return;
  }
  step.emit(taskCompleted, {
    node: number,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    endMs: step.nowMs,
    agent,
    used,
    fromCache,
  });
}

export function failForGood(
  { number, step }: Place,
  error: ErrorDetail,
  attemptReport: AttemptReport = {},
): void {
  const { agent = "", used, leavesChild = false } = attemptReport;
  step.emit(taskFailed, { node: number, error, endMs: step.nowMs, agent, used, leavesChild });
}

/**
 * Handles a failed attempt of a task or of its compensation: schedules another attempt, asks a person, or
 * fails for good.
 */
export function failAttempt(place: Place, error: ErrorDetail, attemptReport: AttemptReport = {}): void {
  const { run, step, number } = place;
  const node = run.nodes[number];
  if (node === undefined) return;
  const isUndo = node.status === TaskStatus.TASK_STATUS_COMPENSATING;
  const policy = policyOf(place);
  const giveUp = (last: ErrorDetail) =>
    isUndo ? failCompensation(place, last) : failForGood(place, last, attemptReport);
  const { attempt, tries } = node;
  const after = afterFailure({ policy, error, tries, attempt }, step, (max) =>
    runErrors.attemptsExhausted.refusal({ task: idOf(place), max }),
  );
  if (after.kind === "retry") {
    const { agent = "", used } = attemptReport;
    const retryMs = step.nowMs + after.pauseMs;
    const lost = node.more?.lost ?? 0;
    step.emit(attemptFailed, { node: number, attempt, error, agent, endMs: step.nowMs, retryMs, used, lost });
  } else if (after.kind === "fail") giveUp(after.error);
  else if (isUndo) giveUp(error);
  else step.emit(taskPaused, { node: number, error, pauseMs: step.nowMs });
}

/**
 * Fails a task whose worker is lost, even if attempts are left. A person is asked if the policy requires it.
 */
export function failLost(place: Place, error: ErrorDetail, attemptReport: AttemptReport): void {
  const { run, step, number } = place;
  if (run.nodes[number]?.status === TaskStatus.TASK_STATUS_COMPENSATING) failCompensation(place, error);
  else if (policyOf(place).pauseWhenExhausted)
    step.emit(taskPaused, { node: number, error, pauseMs: step.nowMs });
  else failForGood(place, error, attemptReport);
}

/** Returns the retry policy of the task, or of its compensation while that runs. */
export function policyOf({ run, number, range, task }: Place): RetryPolicy {
  const { retry, compensate } = range.plan.policy(task);
  const isUndo = run.nodes[number]?.status === TaskStatus.TASK_STATUS_COMPENSATING;
  return isUndo && compensate !== null ? compensate.retry : retry;
}

/**
 * Returns an error if the run cannot keep this many more bytes: a run that is too large could not be stored.
 */
export function roomProblem({ storedBytes }: RunView, bytes: number): ErrorDetail | undefined {
  if (storedBytes + bytes <= storedBytesMax) return undefined;
  const parameters = { bytes: storedBytes + bytes, bytesMax: storedBytesMax };
  return detailOfRefusal(runErrors.runTooLarge.refusal(parameters));
}
