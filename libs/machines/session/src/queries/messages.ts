/** Messages of the contract for the state of a session. */
import type { SessionTask } from "@tutti/contracts/session/v1";
import type { Amounts, Outcome, TaskSpec } from "@tutti/contracts/types/v1";
import { detailOfRefusal, isDone, momentOf, taskOutcome } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { partId } from "../numbers.ts";
import { kindOfWork, workIdOf } from "../part/parts.ts";
import type { PartView, SessionView, TaskView } from "../state.ts";

export function workMessage(session: SessionView, part: PartView, task = "") {
  const { namespace } = session.key;
  return { namespace, kind: kindOfWork(part.mode), id: workIdOf(session, part.number), task };
}

export function taskMessage(session: SessionView, task: TaskView, withPayloads: boolean): SessionTask {
  const { spec, status, reason, agent, attempts, readyMs, startMs, endMs, used } = task;
  const part = session.parts[task.part];
  return {
    spec: withPayloads ? (spec as TaskSpec) : { ...(spec as TaskSpec), input: undefined },
    partId: part === undefined ? "" : partId(part.number),
    work: part === undefined || !task.isPlaced ? undefined : workMessage(session, part, spec.id),
    status,
    statusReason: reason,
    agentId: agent,
    attempts,
    outcome: taskOutcome(task, withPayloads),
    readyTime: momentOf(readyMs),
    startTime: momentOf(startMs),
    endTime: momentOf(endMs),
    used: used && { ...(used as Amounts) },
  };
}

/** Returns how a task ended, as its followers see it. Undefined before its end. */
export function endOf(task: TaskView): Outcome | undefined {
  const known = taskOutcome(task);
  if (known !== undefined || !isDone(task.status)) return known;
  // The task was skipped, or stopped without a reason: its followers see that it has not completed.
  const refusal = sessionErrors.taskStopped.refusal({ task: task.spec.id });
  return { result: { $case: "cancelled", value: detailOfRefusal(refusal) } };
}
