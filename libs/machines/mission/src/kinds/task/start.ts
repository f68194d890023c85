/**
 * Starts a ready task: it is queued for agents, or its child is started. A task that lacks something is held.
 */

import { TaskHold } from "@tutti/contracts/swarm/v1";
import { type Amounts, type ErrorDetail, TaskStatus } from "@tutti/contracts/types/v1";
import type { OfferDetails } from "@tutti/contracts/workflow/v1";
import { type Json, textOfJson, writeExactly } from "@tutti/expressions";
import {
  amountsOrNone,
  bytesOf,
  childIdOf,
  conditionText,
  dataExpressionOf,
  detailOfRefusal,
  expressionOf,
  hasExpression,
  hasExpressions,
  kinds,
  noBytes,
  type StepBudget,
} from "@tutti/machine-work";
import { expectedTogether, gangOf, readyTogether } from "../../core/board/gang.ts";
import { inputOf } from "../../core/board/input.ts";
import { assignmentOf, canBeClaimed, depthLeftOf, plainDetails } from "../../core/board/offer.ts";
import { availableOf, expectedFor, isAffordable, limitOf } from "../../core/budget/accounting.ts";
import { encoded, evaluate } from "../../core/evaluate/evaluate.ts";
import { storedBytesMax } from "../../core/state/limits.ts";
import { hasOwnBudget } from "../../core/state/own-budget.ts";
import {
  isChild,
  type Mission,
  type MissionEventStep,
  type MissionView,
  specOf,
  type Task,
  type TaskView,
} from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { useUp } from "../budget/use-up.ts";
import { childQueued } from "../child/events.ts";
import { attemptReturned } from "../claim/events.ts";
import { taskFailed, taskHeld, taskQueued, taskSkipped } from "./events.ts";

export interface TaskStart {
  readonly mission: MissionView;
  readonly step: MissionEventStep;
  readonly number: number;
  readonly budget: StepBudget;
}

export function startTask(taskStart: TaskStart): void {
  const { mission, step, number } = taskStart;
  const task = mission.tasks[number];
  if (task === undefined) return;
  // A retry does not evaluate the condition again, and has the same input.
  const condition = task.attempt === 0 ? evaluateWhen(taskStart, task) : conditionMet;
  if (!condition.ok) {
    fail(taskStart, condition.error);
    return;
  }
  if (!condition.value) {
    step.emit(taskSkipped, { node: number, reason: "its condition does not hold", endMs: step.nowMs });
    return;
  }
  const taskHold = lackOf(mission, task);
  if (taskHold !== TaskHold.TASK_HOLD_UNSPECIFIED) {
    if (withdrawOffered(taskStart, task)) return;
    // No reserved amount can be returned: waiting is useless.
    if (taskHold === TaskHold.TASK_HOLD_BUDGET && isSpent(mission, task)) {
      useUp(mission, step, expectedTogether(mission, task));
      if (!mission.isUsedUp) return;
    }
    if (task.hold !== taskHold) step.emit(taskHeld, { node: number, hold: taskHold });
    return;
  }
  for (const { number: member } of readyTogether(mission, task)) start({ ...taskStart, number: member });
}

/**
 * Withdraws offered members that have reserved the amounts that this one lacks: all are held together, or
 * start together.
 */
function withdrawOffered({ mission, step }: TaskStart, task: TaskView): boolean {
  const offered = gangOf(mission, task).filter(
    (member) => member !== task && member.status === TaskStatus.TASK_STATUS_QUEUED,
  );
  for (const { number: node, attempt } of offered) {
    const returned = { lost: false, agent: "", retryMs: 0, endMs: step.nowMs };
    step.emit(attemptReturned, { node, attempt, reason: `${task.spec.id} of its gang is held`, ...returned });
  }
  return offered.length > 0;
}

function start(taskStart: TaskStart): void {
  const { mission, number } = taskStart;
  const task = mission.tasks[number];
  if (task === undefined) return;
  const input = task.attempt === 0 ? computedInput(taskStart, task) : unchanged;
  if (!input.ok) {
    fail(taskStart, input.error);
    return;
  }
  taskStart.budget.spend(bytesOf(inputOf(task as Task)).length);
  if (isChild(task)) queueChild(taskStart, task, input);
  else queue(taskStart, task, input);
}

type Condition =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly error: ErrorDetail };

const conditionMet: Condition = { ok: true, value: true };

function evaluateWhen({ mission, step, budget }: TaskStart, { spec }: TaskView): Condition {
  if (spec.when === "") return conditionMet;
  const compiled = expressionOf(conditionText(spec.when), "task", true);
  if (!compiled.ok) return { ok: false, error: invalid(spec.id, compiled.problem) };
  const result = evaluate({ mission, nowMs: step.nowMs, budget }, compiled.program, `\`when\` of ${spec.id}`);
  return result.ok ? { ok: true, value: result.value === true } : result;
}

function invalid(task: string, problem: string): ErrorDetail {
  return detailOfRefusal(missionErrors.taskInvalid.refusal({ task, problem }));
}

type Input =
  | { readonly ok: true; readonly isComputed: boolean; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: ErrorDetail };

const unchanged: Input = { ok: true, isComputed: false, bytes: noBytes };

/** Expressions in the input are resolved when the task becomes ready. */
function computedInput({ mission, step, budget }: TaskStart, task: TaskView): Input {
  const bytes = bytesOf(inputOf(task as Task));
  if (bytes.length === 0 || !hasExpressions(bytes)) return unchanged;
  const { id } = task.spec;
  const compiled = dataExpressionOf(Buffer.from(bytes).toString("utf8"));
  if (!compiled.ok) return { ok: false, error: invalid(id, compiled.problem) };
  const subject = `the input of ${id}`;
  const result = evaluate({ mission, nowMs: step.nowMs, budget }, compiled.program, subject);
  if (!result.ok) return result;
  const value = encoded(result.value, subject);
  if (!value.ok) return value;
  const found = mission.storedBytes + value.bytes.length;
  if (found > storedBytesMax) {
    const refusal = missionErrors.tooLarge.refusal({ items: "stored bytes", found, max: storedBytesMax });
    return { ok: false, error: detailOfRefusal(refusal) };
  }
  return { ok: true, isComputed: true, bytes: value.bytes };
}

function fail({ step, number }: TaskStart, error: ErrorDetail): void {
  step.emit(taskFailed, { node: number, error, agent: "", used: undefined, endMs: step.nowMs });
}

/** Returns the condition that a ready task must wait for. */
function lackOf(mission: MissionView, task: TaskView): TaskHold {
  const { isOffered } = assignmentOf(mission);
  if (isChild(task))
    return isRich(mission, task) ? TaskHold.TASK_HOLD_UNSPECIFIED : TaskHold.TASK_HOLD_BUDGET;
  if (task.toRole !== "" && !canBeClaimed(mission, task) && (mission.roleCounts.get(task.toRole) ?? 0) === 0)
    return TaskHold.TASK_HOLD_ROLE;
  if (!isOffered) return TaskHold.TASK_HOLD_UNSPECIFIED;
  if (!isRich(mission, task)) return TaskHold.TASK_HOLD_BUDGET;
  return hasPlace(mission, readyTogether(mission, task).length)
    ? TaskHold.TASK_HOLD_UNSPECIFIED
    : TaskHold.TASK_HOLD_PLACE;
}

function isRich(mission: MissionView, task: TaskView): boolean {
  return hasOwnBudget(task) || isAffordable(mission, expectedTogether(mission, task));
}

/** Returns whether agents may accept the offers: there are participants, or a free place for each. */
export function hasPlace(mission: MissionView, offers: number): boolean {
  const max = specOf(mission).budget?.maxAgents ?? 0;
  return max === 0 || mission.participants.size > 0 || mission.openPlaces + offers <= max;
}

/**
 * Returns whether no reserved part of the budget can be returned. Running members of a gang may wait for the
 * task, so their reservations are not returned before it starts.
 */
export function isSpent(mission: MissionView, task?: TaskView): boolean {
  const members = task === undefined || task.spec.gang === "" ? [] : gangOf(mission, task);
  const running = members.filter(({ status }) => status === TaskStatus.TASK_STATUS_RUNNING);
  return kinds.every(
    (kind) =>
      running.reduce((rest, { reserved }) => rest - (reserved?.[kind] ?? 0), mission.reserved[kind]) <= 0,
  );
}

function queue(
  { mission, step, number, budget }: TaskStart,
  task: TaskView,
  input: Input & { ok: true },
): void {
  const { isOffered } = assignmentOf(mission);
  const detailed = detailsOf({ mission, step, number, budget }, task);
  if (!detailed.ok) {
    fail({ mission, step, number, budget }, detailed.error);
    return;
  }
  const max = specOf(mission).budget?.maxAgents ?? 0;
  const isOpen = isOffered && max > 0 && mission.participants.size + mission.openPlaces < max;
  const placed = agentsOf(mission, task);
  // Without a free place the offer is only for participants.
  const isClosed = isOffered && max > 0 && !isOpen;
  const members = isClosed ? [...mission.participants.keys()] : [];
  step.emit(taskQueued, {
    node: number,
    attempt: task.attempt + 1,
    queueMs: step.nowMs,
    input: input.bytes,
    inputComputed: input.isComputed,
    reserved: isOffered ? amountsOrNone(expectedFor(mission, task)) : undefined,
    onlyAgents: placed.only.length > 0 || !isClosed ? placed.only : members,
    notAgents: placed.not,
    opensPlace: isOpen && placed.only.length === 0,
    details: detailed.details,
  });
}

/**
 * Returns the agents that a task is for: the agent it was handed off to, and the agents of other tasks
 * according to its placement.
 */
function agentsOf(
  mission: MissionView,
  { spec, toAgent, toRole }: TaskView,
): { only: string[]; not: string[] } {
  const not = doers(mission, spec.placement?.notAgentOf ?? []);
  if (toAgent !== "") return { only: [toAgent], not };
  if (toRole !== "") {
    const only = [...mission.participants.values()]
      .filter(({ role }) => role === toRole)
      .map(({ agent }) => agent);
    return { only, not };
  }
  return { only: doers(mission, spec.placement?.sameAgentAs ?? []), not };
}

function doers({ tasks, byId }: MissionView, ids: readonly string[]): string[] {
  const agents = ids.map((id) => tasks[byId.get(id) ?? -1]?.agent ?? "");
  return [...new Set(agents.filter((agent) => agent !== ""))];
}

type Detailed =
  | { readonly ok: true; readonly details: OfferDetails | undefined }
  | { readonly ok: false; readonly error: ErrorDetail };

/** Evaluates keys and labels of an offer. */
function detailsOf({ mission, step, budget }: TaskStart, task: TaskView): Detailed {
  const plain = task.attempt === 0 ? plainDetails(task as Task) : undefined;
  if (plain === undefined) return noDetails;
  const text = writeExactly(plain);
  if (!hasExpression(text)) return noDetails;
  const compiled = dataExpressionOf(text);
  if (!compiled.ok) return { ok: false, error: invalid(task.spec.id, compiled.problem) };
  const result = evaluate(
    { mission, nowMs: step.nowMs, budget },
    compiled.program,
    `what ${task.spec.id} is offered with`,
  );
  return result.ok ? { ok: true, details: texts(result.value) as unknown as OfferDetails } : result;
}

const noDetails: Detailed = { ok: true, details: undefined };

/** Turns the value of an expression into texts: keys are texts. */
function texts(value: Json): Json {
  const { labels, limitKeys, cacheTags, dueMs, capability, ...keys } = value as Record<string, Json>;
  return {
    ...mapped(keys),
    labels: mapped((labels ?? {}) as Record<string, Json>),
    limitKeys: ((limitKeys ?? []) as Json[]).map(textOfJson),
    cacheTags: ((cacheTags ?? []) as Json[]).map(textOfJson),
    dueMs: dueMs ?? 0,
    capability: capability ?? 0,
  };
}

function mapped(values: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOfJson(value)]));
}

function queueChild(
  { mission, step, number, budget }: TaskStart,
  task: TaskView,
  input: Input & { ok: true },
): void {
  if (depthLeftOf(mission as Mission) <= 0) {
    const error = detailOfRefusal(missionErrors.depthExceeded.refusal({ task: task.spec.id }));
    fail({ mission, step, number, budget }, error);
    return;
  }
  const attempt = task.attempt + 1;
  step.emit(childQueued, {
    node: number,
    attempt,
    queueMs: step.nowMs,
    childId: childIdOf(step.key.id, { id: task.spec.id, node: number }, attempt),
    input: input.bytes,
    inputComputed: input.isComputed,
    reserved: amountsOrNone(childBudget(mission, task)),
  });
}

/** Returns the budget of a child: for each limited amount the expected one, or else all that is left. */
function childBudget(mission: MissionView, task: TaskView): Amounts {
  const limit = limitOf(mission);
  const available = availableOf(mission);
  const budget = expectedFor(mission, task);
  for (const kind of kinds) {
    if ((task.authority?.budget?.[kind] ?? 0) > 0) budget[kind] = 0;
    else if (limit[kind] > 0 && budget[kind] === 0) budget[kind] = available[kind];
  }
  return budget;
}
