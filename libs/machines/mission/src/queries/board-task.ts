/** Tasks as the contract shows them. */
import type { BoardTask, Handoff, TaskClaim } from "@tutti/contracts/swarm/v1";
import {
  type Amounts,
  type ErrorDetail,
  type Outcome,
  type TaskSpec,
  TaskStatus,
} from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { asPayload, type Data } from "@tutti/machine-work";
import { claimIdOf } from "../numbers.ts";
import type { Task } from "../state.ts";
import { isAtWork, type MissionView, type TaskView } from "../state.ts";
import { inputOf } from "../task/input.ts";

/** What the next agent needs of a task is in it: its input as it was computed, and how it was handed on. */
export function boardTask(mission: MissionView, task: TaskView): BoardTask {
  const { status, reason, message, startMs, endMs, addMs, childId, parent, fraction, used, cause } = task;
  const spec = { ...(task.spec as TaskSpec), input: asPayload(inputOf(task as Task)) };
  const isMission = task.spec.work?.$case === "mission";
  return {
    spec,
    status,
    statusReason: reason || message,
    addCause: cause && { ...cause, actor: cause.actor && { ...cause.actor } },
    addTime: momentOf(addMs),
    claim: claimShown(mission, task),
    attempts: beginsOf(task),
    outcome: outcomeOf(task),
    startTime: momentOf(startMs),
    endTime: momentOf(endMs),
    handoffs: task.handoffs.map((handoff) => ({ ...(handoff as Handoff) })),
    child:
      childId === ""
        ? undefined
        : { namespace: mission.key.namespace, kind: isMission ? "mission" : "run", id: childId, task: "" },
    parentTaskId: mission.tasks[parent]?.spec.id ?? "",
    progress: fraction,
    used: used && { ...(used as Amounts) },
    agentId: task.agent,
    readyTime: momentOf(task.readyMs),
  };
}

/** Returns how often it started. Numbers of attempts fence, and some of the attempts never started. */
function beginsOf({ attempt, skipped, status }: TaskView): number {
  return attempt - skipped - (status === TaskStatus.TASK_STATUS_QUEUED ? 1 : 0);
}

function claimShown(mission: MissionView, task: TaskView): TaskClaim | undefined {
  if (!isAtWork(task) || task.agent === "") return undefined;
  return {
    claimId: claimIdOf(task.number, task.attempt),
    pool: mission.participants.get(task.agent)?.pool ?? "",
    agentId: task.agent,
    claimTime: momentOf(task.beginMs),
    expireTime: momentOf(task.leaseDueMs),
  };
}

function outcomeOf({ status, output, error }: TaskView): Outcome | undefined {
  const failure = error as ErrorDetail | undefined;
  switch (status) {
    case TaskStatus.TASK_STATUS_COMPLETED:
      return { result: { $case: "completed", value: asPayload(output as Data | undefined) ?? nothing() } };
    case TaskStatus.TASK_STATUS_FAILED:
      return failure && { result: { $case: "failed", value: failure } };
    case TaskStatus.TASK_STATUS_CANCELLED:
      return failure && { result: { $case: "cancelled", value: failure } };
    default:
      return undefined;
  }
}

export function nothing() {
  return { body: undefined, mediaType: "" };
}

/** Absent for no moment. */
export function momentOf(ms: number) {
  return ms > 0 ? toTimestamp(ms) : undefined;
}
