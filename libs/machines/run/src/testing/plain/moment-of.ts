/** Events that report decisions from outside of the interpreter. */
import { type Payload, RetryClass, TaskStatus, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import type {
  ApprovalDecidedV1,
  RoundBegunV1,
  RunSignal,
  RunStoppedV1,
  TaskCompletedV1,
  TaskFailedV1,
  TaskRepairedV1,
  UpdateTakenV1,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { jsonOf } from "../json.ts";
import type { Moment, Repair } from "./moments.ts";
import type { PlainRun } from "./plain-run.ts";
import { timeoutOf } from "./plain-times.ts";
import { isSignalWait } from "./plain-work.ts";

/** An event with its task. */
export interface ObservedEvent {
  readonly type: string;
  readonly body: unknown;
  /** Empty if it is about the run. */
  readonly taskId: string;
  /** Status of the task then. */
  readonly status?: TaskStatus | undefined;
}

/** Returns the moment of an event. Undefined for events that follow from earlier ones. */
export function momentOf(plain: PlainRun, { type, body, taskId, status }: ObservedEvent): Moment | undefined {
  switch (type) {
    case "run_begun":
      return plain.phase === "waiting" ? { kind: "begun" } : undefined;
    case "run_withdrawn":
      return { kind: "withdrawn" };
    case "run_paused":
      return { kind: "pause" };
    case "run_resumed":
      return { kind: "resume" };
    case "task_resumed":
      return plain.task(taskId)?.status === "paused" ? { kind: "resume", taskIds: [taskId] } : undefined;
    case "run_stopped":
      return stoppedBy(body as RunStoppedV1);
    case "run_terminated":
      return plain.phase === "ended" ? undefined : { kind: "terminate" };
    case "task_repaired":
      return { kind: "repair", taskId, repair: repairOf(body as TaskRepairedV1) };
    case "signal_received": {
      const { signal, payload } = (body as { readonly signal: RunSignal }).signal;
      return { kind: "signal", signal, payload: jsonOfPayload(payload) };
    }
    case "update_taken": {
      const { update, payload } = body as UpdateTakenV1;
      return { kind: "update", update, payload: jsonOfPayload(payload) };
    }
    case "state_time_passed":
      return { kind: "time" };
    case "signal_taken":
      return { kind: "signal taken", taskId, number: (body as { readonly number: number }).number };
    case "round_begun":
      return isNext(plain, taskId, body as RoundBegunV1) ? { kind: "round", taskId } : undefined;
    case "approval_decided":
      return decided(body as ApprovalDecidedV1, taskId);
    case "child_queued":
    case "run_limit_held":
      return status === TaskStatus.TASK_STATUS_QUEUED ? { kind: "child asked", taskId } : undefined;
    case "child_started":
      return { kind: "child answered", taskId, isAlone: status !== TaskStatus.TASK_STATUS_WAITING };
    case "child_refused":
      return { kind: "child answered", taskId, isAlone: true };
    case "attempt_failed":
      return plain.task(taskId)?.isStarting === true
        ? { kind: "child answered", taskId, isAlone: false }
        : undefined;
    case "undo_completed":
    case "undo_failed":
      if (plain.undoing !== taskId) return undefined;
      return { kind: codeOf(body) === "workflow.timed_out" ? "undo timed out" : "undone", taskId };
    default:
      return endings.has(type) && plain.awaited.includes(taskId)
        ? endOf(plain, type, body, taskId)
        : undefined;
  }
}

/** Returns whether the round follows a pause: the interpreter has started all other rounds itself. */
function isNext(plain: PlainRun, taskId: string, { round }: RoundBegunV1): boolean {
  const task = plain.task(taskId);
  return task?.pauses === true && task.rounds.length + 1 === round;
}

/** Events that end an attempt. */
const endings: ReadonlySet<string> = new Set([
  "task_completed",
  "task_failed",
  "task_paused",
  "work_sent_back",
  "approval_asked",
]);

function endOf(plain: PlainRun, type: string, body: unknown, taskId: string): Moment {
  const task = plain.task(taskId);
  if (task?.pauses === true && !isTimedOut(type, body)) return { kind: "round", taskId };
  if (isTimedOut(type, body)) return { kind: "timed out", taskId };
  if (type === "task_failed" && isStopped(body as TaskFailedV1)) return { kind: "child stopped", taskId };
  if (type !== "task_completed") return { kind: "ended", taskId };
  const { fromCache, output } = body as TaskCompletedV1;
  return fromCache
    ? { kind: "from cache", taskId, output: jsonOf(output) as Json }
    : { kind: "ended", taskId };
}

/**
 * Returns the end of work by time alone, without an outside party: a loop, a question, a wait for a signal.
 */
export function timeOf(plain: PlainRun, { type, body, taskId }: ObservedEvent): Moment | undefined {
  const task = plain.task(taskId);
  if (type !== "task_failed" || task?.status !== "running") return undefined;
  const code = codeOf(body);
  if (isTimedOut(type, body) && timeoutOf(task.document).total !== undefined)
    return { kind: "timed out", taskId };
  return code === "workflow.signal_missing" && isSignalWait(task.document) && !isOfPart(body)
    ? { kind: "expired", taskId }
    : undefined;
}

/**
 * Returns whether the timeout of the task itself expired. A timeout of a part follows from the end of the
 * part, and the task may be running again by then.
 */
function isTimedOut(type: string, body: unknown): boolean {
  return type === "task_failed" && codeOf(body) === "workflow.timed_out" && !isOfPart(body);
}

function isOfPart(body: unknown): boolean {
  const { details = {} } = (body as Pick<TaskFailedV1, "error">).error ?? {};
  return details["entry"] !== undefined || details["part"] !== undefined;
}

function codeOf(body: unknown): string {
  return (body as Pick<TaskFailedV1, "error">).error?.code ?? "";
}

/** Returns whether a user ended the child. A child that failed by itself may be tried again. */
function isStopped({ error }: TaskFailedV1): boolean {
  return error?.code === "workflow.child_failed" && error.retry === RetryClass.RETRY_CLASS_NEVER;
}

function stoppedBy({ status, error }: RunStoppedV1): Moment | undefined {
  if (status === WorkStatus.WORK_STATUS_CANCELLED) return { kind: "cancel" };
  if (status === WorkStatus.WORK_STATUS_TERMINATED) return { kind: "terminate" };
  return error?.code === "workflow.run_timed_out" ? { kind: "run timed out" } : undefined;
}

function repairOf({ status, output, error, skipDependents }: TaskRepairedV1): Repair {
  if (status === TaskStatus.TASK_STATUS_SKIPPED) return { skips: skipDependents ? "dependents" : "alone" };
  if (status === TaskStatus.TASK_STATUS_FAILED) return { error: error?.code ?? "" };
  return { output: jsonOfPayload(output) };
}

function decided({ decision, verdict }: ApprovalDecidedV1, taskId: string): Moment {
  if (verdict === Verdict.VERDICT_EXPIRED) return { kind: "expired", taskId };
  const answer = decision?.verdict === Verdict.VERDICT_REJECTED ? "no" : "yes";
  const person = decision?.cause?.actor?.id ?? "";
  return { kind: "decide", taskId, person, verdict: answer, data: jsonOfPayload(decision?.data) };
}

function jsonOfPayload(payload: Payload | undefined): Json {
  return payload?.body?.$case === "inline" ? (jsonOf(payload.body.value) as Json) : null;
}
