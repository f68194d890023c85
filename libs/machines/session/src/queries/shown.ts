/** Words of the contract for what a session keeps. */
import type { SessionTask } from "@tutti/contracts/session/v1";
import {
  type Amounts,
  type ErrorDetail,
  type Outcome,
  type TaskSpec,
  TaskStatus,
} from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { asPayload, type Data, detailOfRefusal, isDone } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { partId } from "../numbers.ts";
import { kindOfWork, workIdOf } from "../part/parts.ts";
import type { PartView, SessionView, TaskView } from "../state.ts";

/** Absent for no moment. */
export function momentOf(ms: number) {
  return ms > 0 ? toTimestamp(ms) : undefined;
}

export function workShown(session: SessionView, part: PartView, task = "") {
  const { namespace } = session.key;
  return { namespace, kind: kindOfWork(part.mode), id: workIdOf(session, part.number), task };
}

export function taskShown(session: SessionView, task: TaskView, withPayloads: boolean): SessionTask {
  const { spec, status, reason, agent, attempts, readyMs, startMs, endMs, used } = task;
  const part = session.parts[task.part];
  return {
    spec: withPayloads ? (spec as TaskSpec) : { ...(spec as TaskSpec), input: undefined },
    partId: part === undefined ? "" : partId(part.number),
    work: part === undefined || !task.isPlaced ? undefined : workShown(session, part, spec.id),
    ...{ status, statusReason: reason, agentId: agent, attempts },
    outcome: outcomeOf(task, withPayloads),
    ...{ readyTime: momentOf(readyMs), startTime: momentOf(startMs), endTime: momentOf(endMs) },
    used: used && { ...(used as Amounts) },
  };
}

function outcomeOf({ status, output, error }: TaskView, withPayloads: boolean): Outcome | undefined {
  const failure = error as ErrorDetail | undefined;
  switch (status) {
    case TaskStatus.TASK_STATUS_COMPLETED:
      return {
        result: {
          $case: "completed",
          value: (withPayloads ? asPayload(output as Data | undefined) : undefined) ?? nothing(),
        },
      };
    case TaskStatus.TASK_STATUS_FAILED:
      return failure && { result: { $case: "failed", value: failure } };
    case TaskStatus.TASK_STATUS_CANCELLED:
      return failure && { result: { $case: "cancelled", value: failure } };
    default:
      return undefined;
  }
}

/** How a task ended, as its waiters learn. Undefined while it has not. */
export function endOf(task: TaskView): Outcome | undefined {
  const known = outcomeOf(task, true);
  if (known !== undefined || !isDone(task.status)) return known;
  // It was skipped, or it was stopped without a reason: what needs it sees that it has not completed.
  const refusal = sessionErrors.taskStopped.refusal({ task: task.spec.id });
  return { result: { $case: "cancelled", value: detailOfRefusal(refusal) } };
}

export function nothing() {
  return { body: undefined, mediaType: "" };
}
