/** Explains a mission, or one of its tasks. The explanation of an open task names the cause of its wait. */
import { MissionPhase, TaskHold } from "@tutti/contracts/swarm/v1";
import {
  type ErrorDetail,
  type Explanation,
  type FailedAttempt,
  type Remedy,
  TaskStatus,
  type Wait,
  WaitCause,
} from "@tutti/contracts/types/v1";
import { counted, type Query } from "@tutti/kernel";
import { amountsText, isDone, momentOf, statusName, taskStatusName } from "@tutti/machine-work";
import { expectedTogether } from "../../core/board/gang.ts";
import { assignmentOf, canBeClaimed, isPaidFor } from "../../core/board/offer.ts";
import { availableOf, isAffordable } from "../../core/budget/accounting.ts";
import {
  hasEnded,
  isChild,
  type Mission,
  type MissionView,
  specOf,
  statusOf,
  type TaskView,
} from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { approvalIdOf } from "../../kinds/question/ask.ts";
import { evaluateStop } from "../conditions.ts";
import { approvalsNeededBy } from "./approvals.ts";

export const explainMission: Query<Mission, { readonly taskId: string }, Explanation> = {
  type: "explain_mission",
  answer(mission, { taskId }, { key, nowMs }) {
    if (mission.order === undefined) return missionErrors.missionMissing.refusal({ id: key.id });
    const about = { namespace: key.namespace, kind: "mission", id: key.id, task: taskId };
    if (taskId === "") return { ...empty, about, ...explanationOf(mission, nowMs) };
    const task = mission.tasks[mission.byId.get(taskId) ?? -1];
    if (task === undefined) return missionErrors.taskMissing.refusal({ id: key.id, task: taskId });
    return { ...empty, about, ...explainTask(mission, task, nowMs), failures: failuresOf(task) };
  },
};

const empty = {
  summary: "",
  waits: [],
  candidates: [],
  failures: [],
  remedies: [],
  expectedStartTime: undefined,
  parts: [],
} satisfies Omit<Explanation, "about">;

interface WaitExplanation {
  readonly summary: string;
  readonly waits: Wait[];
  readonly remedies: Remedy[];
}

export function explanationOf(mission: MissionView, nowMs: number): WaitExplanation {
  const { id } = mission.key;
  if (hasEnded(mission)) {
    const statusText = statusName(statusOf(mission));
    return plain(
      mission.error === undefined ? `it is ${statusText}` : `it is ${statusText}: ${mission.error.message}`,
    );
  }
  const missionWait = missionWaitOf(mission, nowMs);
  if (missionWait !== undefined) return missionWait;
  if (mission.phase === MissionPhase.MISSION_PHASE_STOPPING)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_CHILD,
      message: `it is ending, and waits for ${mission.children} children to report their usage`,
    });
  const count = (status: TaskStatus) => mission.counts[status] ?? 0;
  if (count(TaskStatus.TASK_STATUS_PAUSED) > 0)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_PAUSED,
      message: tasksThat(
        count(TaskStatus.TASK_STATUS_PAUSED),
        "has paused for a person",
        "have paused for a person",
      ),
      remedy: { text: "Resolve the cause, then resume the tasks.", command: `tutti resume ${id}` },
    });
  const working = count(TaskStatus.TASK_STATUS_RUNNING) + mission.children;
  if (working > 0) return plain(tasksThat(working, "is running", "are running"));
  if (count(TaskStatus.TASK_STATUS_RETRYING) > 0)
    return waiting(nowMs, { cause: WaitCause.WAIT_CAUSE_BACKOFF, message: "it waits to try a task again" });
  if (count(TaskStatus.TASK_STATUS_QUEUED) > 0)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_BUSY,
      message: tasksThat(count(TaskStatus.TASK_STATUS_QUEUED), "waits for an agent", "wait for agents"),
    });
  if (mission.remaining > 0) return waitingTasks(mission, nowMs);
  return waitingForEnd(mission, nowMs);
}

function tasksThat(count: number, singular: string, plural: string): string {
  return counted(count, `task ${singular}`, `tasks ${plural}`);
}

/** The reason why the whole mission waits. */
function missionWaitOf(mission: MissionView, nowMs: number): WaitExplanation | undefined {
  if (mission.pauseMs > 0)
    return waiting(mission.pauseMs, {
      cause: WaitCause.WAIT_CAUSE_PAUSED,
      message: `it is paused${mission.pauseReason === "" ? "" : `: ${mission.pauseReason}`}`,
      remedy: { text: "Resume the mission.", command: `tutti resume ${mission.key.id}` },
    });
  if (mission.isUsedUp)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_BUDGET,
      message: `its budget is used up: ${amountsText(availableOf(mission))} are left, and it waits for a person to grant more`,
      remedy: { text: "Raise the budget, or reject the request", command: "" },
    });
  if (mission.troubleHolds)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_APPROVAL,
      message: `${mission.trouble}; a person must decide whether it continues`,
    });
  if (mission.phase !== MissionPhase.MISSION_PHASE_WAITING) return undefined;
  const lacking = specOf(mission).roles.filter(
    ({ name, minAgents }) => (mission.roleCounts.get(name) ?? 0) < minAgents,
  );
  const names = lacking.map(({ name, minAgents }) => `${minAgents} in ${name}`).join(", ");
  return waiting(mission.createMs, {
    cause: WaitCause.WAIT_CAUSE_START,
    message: `it starts when enough agents have joined: ${names}`,
  });
}

function waitingTasks(mission: MissionView, nowMs: number): WaitExplanation {
  const first = mission.tasks.find(({ status }) => !isDone(status));
  const explanation = first === undefined ? plain("") : explainTask(mission, first, nowMs);
  return {
    ...explanation,
    summary: first === undefined ? "it continues" : `${first.spec.id}: ${explanation.summary}`,
  };
}

/** Explains a mission without open tasks. */
function waitingForEnd(mission: MissionView, nowMs: number): WaitExplanation {
  const { stopConditions } = specOf(mission);
  if (stopConditions.length === 0)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_NEEDS,
      message: "its board has no task yet",
      remedy: { text: "Add a task, or cancel the mission", command: "" },
    });
  const conditions = stopConditions.map((condition) => {
    const { problem } = evaluateStop(mission, condition, nowMs);
    return `${condition.name}${problem === "" ? "" : ` (${problem})`}`;
  });
  return waiting(nowMs, {
    cause: WaitCause.WAIT_CAUSE_NEEDS,
    message: `all its tasks have ended, and none of its stop conditions holds: ${conditions.join(", ")}`,
    remedy: { text: "Add a task, change the inputs of the conditions, or cancel the mission", command: "" },
  });
}

function explainTask(mission: MissionView, task: TaskView, nowMs: number): WaitExplanation {
  const { status, error, reason, agent } = task;
  if (isDone(status)) {
    const detail = error?.message || reason;
    return plain(`it is ${taskStatusName(status)}${detail === "" ? "" : `: ${detail}`}`);
  }
  if (task.isWithdrawn)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_CHILD,
      message: "it was removed from the board, and waits for its outcome",
    });
  if (task.question > 0)
    return waiting(nowMs, {
      cause: WaitCause.WAIT_CAUSE_APPROVAL,
      message: questionAbout(mission, task),
      subject: approvalIdOf(task.question),
      remedy: {
        text: "Check the output, then approve or reject it",
        command: `tutti approve ${mission.key.id}`,
      },
    });
  if (status === TaskStatus.TASK_STATUS_RUNNING) return plain(`${agent} runs it`);
  if (
    isChild(task) &&
    task.childId !== "" &&
    status !== TaskStatus.TASK_STATUS_RETRYING &&
    status !== TaskStatus.TASK_STATUS_PAUSED
  )
    return waiting(task.queueMs, {
      cause: WaitCause.WAIT_CAUSE_CHILD,
      message:
        status === TaskStatus.TASK_STATUS_QUEUED
          ? `its child ${task.childId} is being started`
          : `its child ${task.childId} has not ended`,
      subject: task.childId,
    });
  switch (status) {
    case TaskStatus.TASK_STATUS_RETRYING:
      return waiting(nowMs, {
        cause: WaitCause.WAIT_CAUSE_BACKOFF,
        message: "it is retried after a pause",
        endMs: task.retryMs,
      });
    case TaskStatus.TASK_STATUS_PAUSED:
      return waiting(nowMs, {
        cause: WaitCause.WAIT_CAUSE_PAUSED,
        message: `its last attempt failed, and it waits for a person: ${error?.message ?? ""}`,
      });
    case TaskStatus.TASK_STATUS_QUEUED:
      if (isTooExpensive(mission, task))
        return missionWaitOf(mission, nowMs) ?? waiting(task.queueMs, budgetWait(mission, task));
      return waiting(task.queueMs, {
        cause: WaitCause.WAIT_CAUSE_BUSY,
        message: describeQueued(mission, task),
        subject: task.profile?.capability ?? "",
      });
    case TaskStatus.TASK_STATUS_HELD:
      return waiting(task.readyMs, heldWait(mission, task));
    default:
      return missionWaitOf(mission, nowMs) ?? openNeeds(mission, task, nowMs);
  }
}

function questionAbout({ questions }: MissionView, { question: number }: TaskView): string {
  const question = questions.get(number);
  const { rule, decisions = [] } = question ?? {};
  if (question === undefined || rule === undefined) return "its output waits for an approval";
  const { deciders } = rule;
  const deciderText = deciders.length === 0 ? "a person" : deciders.join(", ");
  const needed = approvalsNeededBy(question);
  const progress = needed > 1 ? `, ${decisions.length} of ${needed} have approved` : "";
  return `by the rule ${rule.rule}, ${deciderText} must approve its output: ${question.title}${progress}`;
}

function describeQueued(mission: MissionView, task: TaskView): string {
  const { onlyAgents, toRole } = task;
  const { isOffered } = assignmentOf(mission);
  const isClaimable = canBeClaimed(mission, task);
  const offerText =
    isOffered && isClaimable
      ? "offered to its pool, and can be claimed"
      : isOffered
        ? "offered to its pool"
        : "to be claimed";
  const audience =
    toRole !== ""
      ? ` by the role ${toRole}`
      : onlyAgents.length > 0
        ? ` by ${onlyAgents.slice(0, 10).join(", ")}`
        : "";
  return `it is ${offerText}${audience}, and no worker has accepted it yet`;
}

/** Returns whether the budget is too small for a claim of the task. */
function isTooExpensive(mission: MissionView, task: TaskView): boolean {
  return !isPaidFor(mission, task) && !isAffordable(mission, expectedTogether(mission, task));
}

function budgetWait(mission: MissionView, task: TaskView) {
  return {
    cause: WaitCause.WAIT_CAUSE_BUDGET,
    message: `it needs ${amountsText(expectedTogether(mission, task))} of the budget, and ${amountsText(availableOf(mission))} are left until other tasks return unused amounts`,
  };
}

function heldWait(mission: MissionView, task: TaskView) {
  switch (task.hold) {
    case TaskHold.TASK_HOLD_PLACE:
      return { cause: WaitCause.WAIT_CAUSE_BUDGET, message: "the mission has its maximum number of agents" };
    case TaskHold.TASK_HOLD_ROLE:
      return {
        cause: WaitCause.WAIT_CAUSE_NO_MATCH,
        message: `no agent has the role ${task.toRole}`,
        subject: task.toRole,
      };
    default:
      return budgetWait(mission, task);
  }
}

function openNeeds(mission: MissionView, { spec }: TaskView, nowMs: number): WaitExplanation {
  const open = spec.needs
    .map(({ task }) => task)
    .filter((id) => !isDone(mission.tasks[mission.byId.get(id) ?? -1]?.status ?? 0));
  if (open.length === 0) return plain("it is about to start");
  return waiting(nowMs, {
    cause: WaitCause.WAIT_CAUSE_NEEDS,
    message: `it needs ${open.slice(0, 10).join(", ")} to end first`,
    subject: open[0] ?? "",
  });
}

interface Cause {
  readonly cause: WaitCause;
  readonly message: string;
  readonly subject?: string;
  readonly endMs?: number;
  readonly remedy?: Remedy;
}

function waiting(
  sinceMs: number,
  { cause, message, subject = "", endMs = 0, remedy }: Cause,
): WaitExplanation {
  return {
    summary: message,
    waits: [
      {
        cause,
        message,
        subject,
        present: true,
        holders: [],
        waitedMs: 0,
        startTime: momentOf(sinceMs),
        endTime: momentOf(endMs),
      },
    ],
    remedies: remedy === undefined ? [] : [remedy],
  };
}

function plain(summary: string): WaitExplanation {
  return { summary, waits: [], remedies: [] };
}

function failuresOf({ failures, spec }: TaskView): FailedAttempt[] {
  return [...failures].reverse().map(({ attempt, agent, error, endMs }) => ({
    task: spec.id,
    attempt,
    agentId: agent,
    failTime: momentOf(endMs),
    error: error as ErrorDetail | undefined,
  }));
}
