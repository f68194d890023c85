/** Tasks as messages of the contract. */
import type { BoardTask, Handoff, TaskClaim } from "@tutti/contracts/swarm/v1";
import { type Amounts, type TaskSpec, TaskStatus } from "@tutti/contracts/types/v1";
import { asPayload, momentOf, taskOutcome } from "@tutti/machine-work";
import { inputOf } from "../../core/board/input.ts";
import { claimIdOf } from "../../core/state/numbers.ts";
import { hasRunningAttempt, type MissionView, type Task, type TaskView } from "../../core/state/state.ts";

/** Returns a task with the data that the next agent needs: its computed input, and its handoffs. */
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
    claim: claimMessage(mission, task),
    attempts: startCount(task),
    outcome: taskOutcome(task),
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

/** Returns the number of its starts. Numbers of attempts are for fencing, and some attempts never started. */
function startCount({ attempt, skipped, status }: TaskView): number {
  return attempt - skipped - (status === TaskStatus.TASK_STATUS_QUEUED ? 1 : 0);
}

function claimMessage(mission: MissionView, task: TaskView): TaskClaim | undefined {
  if (!hasRunningAttempt(task) || task.agent === "") return undefined;
  return {
    claimId: claimIdOf(task.number, task.attempt),
    pool: mission.participants.get(task.agent)?.pool ?? "",
    agentId: task.agent,
    claimTime: momentOf(task.beginMs),
    expireTime: momentOf(task.leaseDueMs),
  };
}
