/** Tasks of the board: added, withdrawn, ended from elsewhere, resumed. */
import {
  AddTasksReply,
  AddTasksRequest,
  BringInOutcomesReply,
  BringInOutcomesRequest,
  MissionDone,
  MissionPhase,
  ResumeBoardTasks,
  WithdrawTasksReply,
  WithdrawTasksRequest,
} from "@tutti/contracts/swarm/v1";
import { type TaskOutcome, TaskStatus } from "@tutti/contracts/types/v1";
import {
  amountsOrNone,
  bounded,
  bytesOf,
  causeOf,
  dataOfPayload,
  payloadOf,
  reasonOf,
  statusName,
} from "@tutti/machine-work";
import { gangOf } from "../../core/board/gang.ts";
import {
  isChild,
  type MissionCommand,
  type MissionEventStep,
  type MissionView,
  statusOf,
  type TaskView,
} from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { checkAdded } from "../../kinds/task/check.ts";
import {
  taskCancelled,
  taskCompleted,
  taskFailed,
  taskResumed,
  tasksAdded,
  tasksWithdrawn,
} from "../../kinds/task/events.ts";
import { checkRepeated } from "../../kinds/trouble/find.ts";
import { boardCommand, commandOf } from "../step.ts";

export const addTasks: MissionCommand<AddTasksRequest, AddTasksReply> = boardCommand({
  type: "add_tasks",
  codec: AddTasksRequest,
  reply: AddTasksReply,
  decide(mission, { agentId, tasks, parentTaskId }, step) {
    // The mission only waits for its children: a new task would never start or end.
    if (mission.phase === MissionPhase.MISSION_PHASE_STOPPING)
      return missionErrors.missionEnded.refusal({ id: step.key.id, status: statusName(statusOf(mission)) });
    const parent = mission.byId.get(parentTaskId);
    if (parentTaskId !== "" && parent === undefined)
      return missionErrors.taskMissing.refusal({ id: step.key.id, task: parentTaskId });
    const problem = checkAdded(mission, tasks);
    if (problem !== undefined) return problem;
    if (parent !== undefined && isDone(mission.tasks[parent]))
      return missionErrors.taskInvalid.refusal({
        task: parentTaskId,
        problem: "expected it to be open, but it has ended",
      });
    step.emit(tasksAdded, {
      tasks,
      parent,
      authority: undefined,
      toAgent: "",
      fromAgent: agentId,
      cause: causeOf(step),
      addMs: step.nowMs,
    });
    if (agentId !== "") checkRepeated(mission, step, tasks);
    return { total: mission.tasks.length };
  },
});

function isDone(task: TaskView | undefined): boolean {
  return task !== undefined && task.status >= TaskStatus.TASK_STATUS_COMPLETED;
}

/** Withdraws tasks without a running attempt and without a requested child. */
export const withdrawTasks: MissionCommand<WithdrawTasksRequest, WithdrawTasksReply> = commandOf({
  type: "withdraw_tasks",
  codec: WithdrawTasksRequest,
  reply: WithdrawTasksReply,
  decide(mission, { taskIds, reason }, step) {
    const tasks = new Map<number, TaskView>();
    for (const id of taskIds) {
      const task = mission.tasks[mission.byId.get(id) ?? -1];
      if (task === undefined) return missionErrors.taskMissing.refusal({ id: step.key.id, task: id });
      tasks.set(task.number, task);
    }
    // Members of a gang belong to one part: they leave it together.
    const isLeaving = (task: TaskView) =>
      gangOf(mission, task).every((member) => isDone(member) || (tasks.has(member.number) && isFree(member)));
    const free = [...tasks.values()].filter((task) => isFree(task) && isLeaving(task));
    const started = [...tasks.values()].filter((task) => !task.isWithdrawn && !free.includes(task));
    if (free.length > 0)
      step.emit(tasksWithdrawn, { nodes: free.map(({ number }) => number), reason: reasonOf(reason) });
    return {
      withdrawnTaskIds: [...tasks.values()]
        .filter(({ isWithdrawn }) => isWithdrawn)
        .map(({ spec }) => spec.id),
      begunTaskIds: started.map(({ spec }) => spec.id),
    };
  },
});

function isFree(task: TaskView): boolean {
  const { status, attempt, startMs } = task;
  if (startMs > 0 || task.isWithdrawn) return false;
  if (status === TaskStatus.TASK_STATUS_PENDING || status === TaskStatus.TASK_STATUS_HELD)
    return attempt === 0 || !isChild(task);
  return status === TaskStatus.TASK_STATUS_QUEUED && !isChild(task);
}

export const bringInOutcomes: MissionCommand<BringInOutcomesRequest, BringInOutcomesReply> = commandOf({
  type: "bring_in_outcomes",
  codec: BringInOutcomesRequest,
  reply: BringInOutcomesReply,
  decide(mission, { outcomes }, step) {
    const refused = outcomes.filter((outcome) => !applyOutcome(mission, step, outcome));
    return { refusedTaskIds: refused.map(({ taskId }) => taskId) };
  },
});

function applyOutcome(
  mission: MissionView,
  step: MissionEventStep,
  { taskId, outcome, used }: TaskOutcome,
): boolean {
  const task = mission.tasks[mission.byId.get(taskId) ?? -1];
  const result = outcome?.result;
  if (task === undefined || !task.isWithdrawn || result === undefined) return false;
  const node = task.number;
  const end = { node, endMs: step.nowMs };
  switch (result.$case) {
    case "completed": {
      const output = dataOfPayload(result.value);
      const event = {
        output: bytesOf(output),
        outputPayload: payloadOf(output),
        agent: "",
        used: amountsOrNone(used),
      };
      step.emit(taskCompleted, { ...end, ...event });
      return true;
    }
    case "failed":
      step.emit(taskFailed, { ...end, error: bounded(result.value), agent: "", used: amountsOrNone(used) });
      return true;
    case "continued":
      return false;
    default:
      step.emit(taskCancelled, {
        ...end,
        error: bounded(result.value),
        accounted: true,
        used: amountsOrNone(used),
      });
      return true;
  }
}

export const resumeTasks: MissionCommand<ResumeBoardTasks, MissionDone> = commandOf({
  type: "resume_board_tasks",
  codec: ResumeBoardTasks,
  reply: MissionDone,
  decide(mission, { taskIds, reason }, step) {
    const requested: TaskView[] = [];
    for (const id of taskIds) {
      const task = mission.tasks[mission.byId.get(id) ?? -1];
      if (task === undefined) return missionErrors.taskMissing.refusal({ id: step.key.id, task: id });
      requested.push(task);
    }
    for (const { number, status } of taskIds.length === 0 ? mission.tasks : new Set(requested))
      if (status === TaskStatus.TASK_STATUS_PAUSED)
        step.emit(taskResumed, { node: number, reason: reasonOf(reason), resumeMs: step.nowMs });
    return {};
  },
});
