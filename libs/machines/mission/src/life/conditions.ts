/**
 * Stop conditions: evaluated when their inputs have changed, within a limit of steps. A condition on all
 * tasks or on the whole board costs more with each of them. So it is evaluated at most once a second when
 * there are many. A condition on the time is evaluated every few seconds. A condition that cannot be
 * evaluated, such as one on a missing entry, is false.
 */
import { QuestionKind, type StopCondition, StopKind } from "@tutti/contracts/swarm/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Program } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { detailOfRefusal, expressionOf, readsOf } from "@tutti/machine-work";
import { evaluate } from "../core/evaluate/evaluate.ts";
import { checkAfterMs, conditionStepsMax, manyToCheck, timeCheckMs } from "../core/state/limits.ts";
import {
  isGoing,
  type MissionEventStep,
  type MissionView,
  type Revisions,
  specOf,
} from "../core/state/state.ts";
import { missionErrors } from "../errors.ts";
import { missionCheckPutOff } from "../kinds/mission/events.ts";
import { stopMission } from "../kinds/mission/stop.ts";
import { askQuestion, openQuestion } from "../kinds/question/ask.ts";

export function checkConditions(
  mission: MissionView,
  step: MissionEventStep,
  before: Readonly<Revisions>,
): void {
  const { stopConditions } = specOf(mission);
  if (stopConditions.length === 0) return;
  let dueMs = 0;
  for (const condition of stopConditions) {
    const program = programOf(condition);
    if (program === undefined || !isGoing(mission)) continue;
    const reads = readsOf(program);
    const isMany = mission.tasks.length + mission.entries.size > manyToCheck;
    if (hasChanged(mission, before, program)) {
      // A delayed condition is evaluated when its timer expires.
      if (reads.whole && isMany) dueMs = sooner(dueMs, step.nowMs + checkAfterMs);
      else check(mission, step, condition);
    }
    if (reads.time) dueMs = sooner(dueMs, step.nowMs + timeCheckMs);
  }
  if (isGoing(mission) && dueMs > 0 && mission.checkMs === 0) step.emit(missionCheckPutOff, { dueMs });
}

/** Evaluates all conditions when the timer expires. */
export function checkAll(mission: MissionView, step: MissionEventStep): void {
  step.emit(missionCheckPutOff, { dueMs: 0 });
  for (const condition of specOf(mission).stopConditions)
    if (isGoing(mission)) check(mission, step, condition);
}

function sooner(one: number, other: number): number {
  return one === 0 ? other : Math.min(one, other);
}

function programOf({ condition }: ReadOnly<StopCondition>): Program | undefined {
  const compiled = expressionOf(condition, "condition", true);
  return compiled.ok ? compiled.program : undefined;
}

function hasChanged({ revisions }: MissionView, before: Readonly<Revisions>, program: Program): boolean {
  const reads = readsOf(program);
  return (
    (reads.tasks && revisions.tasks !== before.tasks) ||
    (reads.board && revisions.board !== before.board) ||
    (reads.votes && revisions.votes !== before.votes) ||
    (reads.budget && revisions.budget !== before.budget)
  );
}

export function evaluateStop(mission: MissionView, condition: ReadOnly<StopCondition>, nowMs: number) {
  const compiled = expressionOf(condition.condition, "condition", true);
  if (!compiled.ok) return { isHeld: false, problem: compiled.problem };
  const result = evaluate({ mission, nowMs, stepsMax: conditionStepsMax }, compiled.program, condition.name);
  return result.ok
    ? { isHeld: result.value === true, problem: "" }
    : { isHeld: false, problem: result.error.message };
}

function check(mission: MissionView, step: MissionEventStep, condition: ReadOnly<StopCondition>): void {
  if (mission.denied.has(condition.name) || !evaluateStop(mission, condition, step.nowMs).isHeld) return;
  const { name, kind } = condition;
  if (kind === StopKind.STOP_KIND_APPROVAL) {
    if (openQuestion(mission, QuestionKind.QUESTION_KIND_STOP, name) !== undefined) return;
    const title = `End the mission because of ${name}?`;
    askQuestion(mission, step, {
      kind: QuestionKind.QUESTION_KIND_STOP,
      subject: name,
      title,
      message: condition.condition,
    });
  } else if (kind === StopKind.STOP_KIND_FAIL) {
    const error = detailOfRefusal(missionErrors.stopped.refusal({ condition: name }));
    stopMission(mission, step, { status: WorkStatus.WORK_STATUS_FAILED, error, condition: name });
  } else
    stopMission(mission, step, {
      status: WorkStatus.WORK_STATUS_COMPLETED,
      error: undefined,
      condition: name,
    });
}
