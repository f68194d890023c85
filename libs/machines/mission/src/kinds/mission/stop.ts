/**
 * Stops a mission, or the parts of a task that ends before them: children receive a request to end, questions
 * are withdrawn.
 */
import { type ErrorDetail, TaskStatus, Verdict, type WorkStatus } from "@tutti/contracts/types/v1";
import { isDone, type Stopping, stopChild } from "@tutti/machine-work";
import { isAwaited } from "../../core/board/nodes.ts";
import { isChild, type MissionEventStep, type MissionView, type TaskView } from "../../core/state/state.ts";
import { questionDecided } from "../question/events.ts";
import { missionStopped } from "./events.ts";

export interface Stop {
  readonly status: WorkStatus;
  readonly error: ErrorDetail | undefined;
  readonly condition?: string;
  /** How children of its tasks are stopped. Default: cancelled. */
  readonly mode?: Stopping;
}

/** Stops all open work. Children that have started are awaited. The caller advances the mission. */
export function stopMission(
  mission: MissionView,
  step: MissionEventStep,
  { status, error, condition = "", mode = "cancel" }: Stop,
): void {
  for (const task of mission.tasks) stopTaskWork(mission, step, task, mode);
  withdrawQuestions(mission, step);
  step.emit(missionStopped, { status, error, condition, stopMs: step.nowMs });
}

/** Sends a request to end to the child of a stopped task. */
export function stopTaskWork(
  mission: MissionView,
  step: MissionEventStep,
  task: TaskView,
  mode: Stopping,
): void {
  if (isDone(task.status) || !isChild(task) || !isAwaited(task)) return;
  const { work, id } = task.spec;
  const isOfDefinition = work?.$case === "mission" || work?.$case === "workflow";
  stopChild(step, {
    kind: work?.$case === "mission" ? "mission" : "run",
    id: task.childId,
    definition: isOfDefinition ? work.value.name : "",
    parent: { ...step.key, task: id },
    isStarting: task.status === TaskStatus.TASK_STATUS_QUEUED,
    mode,
    reason: `${id} of ${mission.key.id} was stopped`,
  });
}

/** Stops the parts of a task that ends before them, and withdraws questions about them and about the task. */
export function stopPartsWork(mission: MissionView, step: MissionEventStep, task: TaskView): void {
  withdrawQuestion(mission, step, task);
  const open = [...(task.parts ?? [])];
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    const part = mission.tasks[number];
    if (part === undefined || isDone(part.status)) continue;
    stopTaskWork(mission, step, part, "cancel");
    withdrawQuestion(mission, step, part);
    open.push(...(part.parts ?? []));
  }
}

function withdrawQuestion(
  { questions }: MissionView,
  step: MissionEventStep,
  { question: number }: TaskView,
): void {
  if (number > 0 && questions.get(number)?.verdict === Verdict.VERDICT_UNSPECIFIED) withdraw(step, number);
}

/** Withdraws all questions of a mission that ends, and notifies the people that were asked. */
export function withdrawQuestions({ questions, openQuestions }: MissionView, step: MissionEventStep): void {
  if (openQuestions === 0) return;
  const open = [...questions.values()].filter(({ verdict }) => verdict === Verdict.VERDICT_UNSPECIFIED);
  for (const { number } of open) withdraw(step, number);
}

function withdraw(step: MissionEventStep, number: number): void {
  const verdict = Verdict.VERDICT_WITHDRAWN;
  step.emit(questionDecided, { number, decision: undefined, verdict, decideMs: step.nowMs });
}
