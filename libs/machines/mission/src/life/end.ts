/** How a mission ends, decided. Its children are told to end first; its parent is told at the end. */

import { CancelMission, TerminateMission, WithdrawMission } from "@tutti/contracts/swarm/v1";
import { type ErrorDetail, TaskStatus, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { CancelRun, EndChild, type RunEnding, TerminateRun, WithdrawRun } from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";
import {
  bounded,
  bytesOf,
  type Data,
  detailOfRefusal,
  isDone,
  joinedObject,
  memberName,
  noBytes,
  ofTask,
  payloadOf,
  withdrawMessage as withdrawRun,
} from "@tutti/machine-run/siblings";
import { add, isNothing } from "../budget/amounts.ts";
import { missionErrors } from "../errors.ts";
import { encoded, evaluate } from "../evaluate/evaluate.ts";
import { outputExpressionOf } from "../evaluate/programs.ts";
import { valueBytesMax } from "../limits.ts";
import { questionDecided } from "../question/events.ts";
import {
  isChild,
  type MissionEventStep,
  type MissionView,
  specOf,
  statusOf,
  type TaskView,
} from "../state.ts";
import { isAwaited } from "../task/nodes.ts";
import { missionCancelled, missionCompleted, missionFailed, missionStopped } from "./events.ts";

/** Whether it ends by itself: nothing is left to be done, and there is no condition that says when. */
export function isOver(mission: MissionView): boolean {
  return mission.left === 0 && mission.tasks.length > 0 && specOf(mission).stopConditions.length === 0;
}

/** All tasks have ended. */
export function conclude(mission: MissionView, step: MissionEventStep): void {
  const failed = firstFailure(mission);
  if (failed === undefined) {
    complete(mission, step);
    return;
  }
  const { id } = failed.spec;
  const refusal = missionErrors.tasksFailed.refusal({ task: id });
  fail(mission, step, ofTask(detailOfRefusal(refusal, bounded(failed.error)), id));
}

/** The first task of the board's own that failed, and whose failure nothing was there for. */
function firstFailure({ tasks }: MissionView): TaskView | undefined {
  return tasks.find(
    ({ status, parent, followers }) =>
      status === TaskStatus.TASK_STATUS_FAILED &&
      parent < 0 &&
      !(followers ?? []).some(({ condition }) => condition > 1),
  );
}

function complete(mission: MissionView, step: MissionEventStep): void {
  const { output } = specOf(mission);
  if (output === "") {
    withdrawQuestions(mission, step);
    step.emit(missionCompleted, { output: noBytes, outputOfTasks: true, endMs: step.nowMs });
    report(mission, step);
    return;
  }
  const made = outputExpressionOf(output);
  const given = made.ok ? evaluate({ mission, nowMs: step.nowMs }, made.program, "the output") : undefined;
  const bytes = given?.ok ? encoded(given.value, "the output") : given;
  if (bytes === undefined || !bytes.ok) {
    fail(
      mission,
      step,
      bytes?.error ?? detailOfRefusal(missionErrors.orderInvalid.refusal({ problem: "its output" })),
    );
    return;
  }
  withdrawQuestions(mission, step);
  step.emit(missionCompleted, { output: bytes.bytes, outputOfTasks: false, endMs: step.nowMs });
  report(mission, step);
}

function fail(mission: MissionView, step: MissionEventStep, error: ErrorDetail): void {
  withdrawQuestions(mission, step);
  step.emit(missionFailed, { error, endMs: step.nowMs });
  report(mission, step);
}

export interface Stop {
  readonly status: WorkStatus;
  readonly error: ErrorDetail | undefined;
  readonly condition?: string;
}

/** Whatever is open is stopped; children that are there are awaited. The caller advances the mission. */
export function stopMission(
  mission: MissionView,
  step: MissionEventStep,
  { status, error, condition = "" }: Stop,
): void {
  for (const task of mission.tasks) tellStopping(mission, step, task, false);
  withdrawQuestions(mission, step);
  step.emit(missionStopped, { status, error, condition, stopMs: step.nowMs });
}

export function endStopped(mission: MissionView, step: MissionEventStep): void {
  switch (mission.ending) {
    case WorkStatus.WORK_STATUS_COMPLETED:
      complete(mission, step);
      return;
    case WorkStatus.WORK_STATUS_CANCELLED:
      step.emit(missionCancelled, { error: bounded(mission.error), endMs: step.nowMs });
      break;
    default:
      step.emit(missionFailed, { error: bounded(mission.error), endMs: step.nowMs });
  }
  report(mission, step);
}

const cancelRun: Message<CancelRun> = { type: "cancel_run", codec: CancelRun };
const terminateRun: Message<TerminateRun> = { type: "terminate_run", codec: TerminateRun };
const cancelMission: Message<CancelMission> = { type: "cancel_mission", codec: CancelMission };
const terminateMission: Message<TerminateMission> = { type: "terminate_mission", codec: TerminateMission };
const withdrawMission: Message<WithdrawMission> = { type: "withdraw_mission", codec: WithdrawMission };

/** A child whose task is stopped is told to end. */
export function tellStopping(
  mission: MissionView,
  step: MissionEventStep,
  task: TaskView,
  isByForce: boolean,
): void {
  if (isDone(task.status) || !isChild(task) || !isAwaited(task)) return;
  const { work, id } = task.spec;
  const isMission = work?.$case === "mission";
  const { namespace } = step.key;
  const to = isMission
    ? { service: "swarm", namespace, kind: "mission", id: task.childId }
    : { service: "workflow", namespace, kind: "run", id: task.childId };
  const reason = `${id} of ${mission.key.id} was stopped`;
  // Its start may be under way still, and come after the letter.
  if (task.status === TaskStatus.TASK_STATUS_QUEUED) {
    const parent = { ...step.key, task: id };
    const definition = isMission || work?.$case === "workflow" ? work.value.name : "";
    const body = { definition, parent, terminate: isByForce, reason };
    if (isMission) step.send(to, withdrawMission, body);
    else step.send(to, withdrawRun, WithdrawRun.fromPartial(body));
    return;
  }
  if (isMission) step.send(to, isByForce ? terminateMission : cancelMission, { reason });
  else step.send(to, isByForce ? terminateRun : cancelRun, { reason });
}

/** Parts of a task that ends before them, and what is asked about these and about itself. */
export function tellPartsStopping(mission: MissionView, step: MissionEventStep, task: TaskView): void {
  withdrawQuestion(mission, step, task);
  const open = [...(task.parts ?? [])];
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    const part = mission.tasks[number];
    if (part === undefined || isDone(part.status)) continue;
    tellStopping(mission, step, part, false);
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

/** With a mission that ends, whatever it asks is withdrawn: who was asked is told. */
export function withdrawQuestions({ questions, openQuestions }: MissionView, step: MissionEventStep): void {
  if (openQuestions === 0) return;
  const open = [...questions.values()].filter(({ verdict }) => verdict === Verdict.VERDICT_UNSPECIFIED);
  for (const { number } of open) withdraw(step, number);
}

function withdraw(step: MissionEventStep, number: number): void {
  const verdict = Verdict.VERDICT_WITHDRAWN;
  step.emit(questionDecided, { number, decision: undefined, verdict, decideMs: step.nowMs });
}

/** The output of a mission that has completed. */
export function outputOf(mission: MissionView): Data | undefined {
  if (!mission.isOutputOfTasks) return mission.output as Data | undefined;
  const done = mission.tasks.filter(
    ({ status, parent }) => status === TaskStatus.TASK_STATUS_COMPLETED && parent < 0,
  );
  return joinedObject(
    done.map(({ spec }) => memberName(spec.id)),
    done.map(({ output }) => output as Data | undefined),
  );
}

export function endingOf(mission: MissionView): RunEnding {
  const status = statusOf(mission);
  const output = status === WorkStatus.WORK_STATUS_COMPLETED ? outputOf(mission) : undefined;
  return {
    runId: mission.key.id,
    status,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    error: mission.error === undefined ? undefined : bounded(mission.error),
  };
}

const endChild: Message<EndChild> = { type: "end_child", codec: EndChild };
/** Services by the kinds of machines that start missions. */
const services: Readonly<Record<string, string>> = { mission: "swarm", session: "master" };

export function report(mission: MissionView, step: MissionEventStep): void {
  const parent = mission.order?.parent;
  if (parent === undefined || parent.kind === "" || parent.id === "") return;
  const { kind, id, task } = parent;
  const to = { service: services[kind] ?? "workflow", namespace: step.key.namespace, kind, id };
  const used = { ...mission.spent };
  add(used, mission.overrun);
  step.send(to, endChild, {
    taskId: task,
    ending: endingForParent(mission),
    used: isNothing(used) ? undefined : used,
  });
}

/** What does not fit into a letter is told as an error: the parent could not keep it. */
function endingForParent(mission: MissionView): RunEnding {
  const ending = endingOf(mission);
  if (ending.output.length <= valueBytesMax) return ending;
  const parameters = { what: "bytes of the output", found: ending.output.length, max: valueBytesMax };
  const error = detailOfRefusal(missionErrors.tooLarge.refusal(parameters));
  return { ...ending, status: WorkStatus.WORK_STATUS_FAILED, output: noBytes, error };
}
