/**
 * Starts a ready task: it is queued for agents, or its child is started. A task that lacks something is held.
 */

import { TaskHold } from "@tutti/contracts/swarm/v1";
import { type Amounts, type ErrorDetail, TaskStatus } from "@tutti/contracts/types/v1";
import type { OfferDetails } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
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
import { gangOf, readyTogether, wantedTogether } from "../../core/board/gang.ts";
import { inputOf } from "../../core/board/input.ts";
import { assignmentOf, canBeClaimed, depthLeftOf, plainDetails } from "../../core/board/offer.ts";
import { availableOf, isAffordable, limitOf, wantedBy } from "../../core/budget/book.ts";
import { encoded, evaluate } from "../../core/evaluate/evaluate.ts";
import { keptBytesMax } from "../../core/state/limits.ts";
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

export interface Beginning {
  readonly mission: MissionView;
  readonly step: MissionEventStep;
  readonly number: number;
  readonly budget: StepBudget;
}

export function beginTask(beginning: Beginning): void {
  const { mission, step, number } = beginning;
  const task = mission.tasks[number];
  if (task === undefined) return;
  // A retry does not evaluate the condition again, and has the same input.
  const condition = task.attempt === 0 ? isWanted(beginning, task) : wanted;
  if (!condition.ok) {
    fail(beginning, condition.error);
    return;
  }
  if (!condition.value) {
    step.emit(taskSkipped, { node: number, reason: "its condition does not hold", endMs: step.nowMs });
    return;
  }
  const hold = lackOf(mission, task);
  if (hold !== TaskHold.TASK_HOLD_UNSPECIFIED) {
    if (takeBackOffered(beginning, task)) return;
    // No reserved amount can be returned: waiting is useless.
    if (hold === TaskHold.TASK_HOLD_BUDGET && isSpent(mission, task)) {
      useUp(mission, step, wantedTogether(mission, task));
      if (!mission.isUsedUp) return;
    }
    if (task.hold !== hold) step.emit(taskHeld, { node: number, hold });
    return;
  }
  for (const { number: one } of readyTogether(mission, task)) start({ ...beginning, number: one });
}

/**
 * Withdraws offered members that have reserved the amounts that this one lacks: all are held together, or
 * start together.
 */
function takeBackOffered({ mission, step }: Beginning, task: TaskView): boolean {
  const offered = gangOf(mission, task).filter(
    (one) => one !== task && one.status === TaskStatus.TASK_STATUS_QUEUED,
  );
  for (const { number: node, attempt } of offered) {
    const back = { lost: false, agent: "", retryMs: 0, endMs: step.nowMs };
    step.emit(attemptReturned, { node, attempt, reason: `${task.spec.id} of its gang is held`, ...back });
  }
  return offered.length > 0;
}

function start(beginning: Beginning): void {
  const { mission, number } = beginning;
  const task = mission.tasks[number];
  if (task === undefined) return;
  const input = task.attempt === 0 ? computedInput(beginning, task) : unchanged;
  if (!input.ok) {
    fail(beginning, input.error);
    return;
  }
  beginning.budget.spend(bytesOf(inputOf(task as Task)).length);
  if (isChild(task)) queueChild(beginning, task, input);
  else queue(beginning, task, input);
}

type Condition =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly error: ErrorDetail };

const wanted: Condition = { ok: true, value: true };

function isWanted({ mission, step, budget }: Beginning, { spec }: TaskView): Condition {
  if (spec.when === "") return wanted;
  const made = expressionOf(conditionText(spec.when), "task", true);
  if (!made.ok) return { ok: false, error: invalid(spec.id, made.problem) };
  const given = evaluate({ mission, nowMs: step.nowMs, budget }, made.program, `\`when\` of ${spec.id}`);
  return given.ok ? { ok: true, value: given.value === true } : given;
}

function invalid(task: string, problem: string): ErrorDetail {
  return detailOfRefusal(missionErrors.taskInvalid.refusal({ task, problem }));
}

type Input =
  | { readonly ok: true; readonly isComputed: boolean; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: ErrorDetail };

const unchanged: Input = { ok: true, isComputed: false, bytes: noBytes };

/** Expressions in the input are resolved when the task becomes ready. */
function computedInput({ mission, step, budget }: Beginning, task: TaskView): Input {
  const bytes = bytesOf(inputOf(task as Task));
  if (bytes.length === 0 || !hasExpressions(bytes)) return unchanged;
  const { id } = task.spec;
  const made = dataExpressionOf(Buffer.from(bytes).toString("utf8"));
  if (!made.ok) return { ok: false, error: invalid(id, made.problem) };
  const where = `the input of ${id}`;
  const given = evaluate({ mission, nowMs: step.nowMs, budget }, made.program, where);
  if (!given.ok) return given;
  const value = encoded(given.value, where);
  if (!value.ok) return value;
  const found = mission.keptBytes + value.bytes.length;
  if (found > keptBytesMax) {
    const refusal = missionErrors.tooLarge.refusal({ what: "bytes kept", found, max: keptBytesMax });
    return { ok: false, error: detailOfRefusal(refusal) };
  }
  return { ok: true, isComputed: true, bytes: value.bytes };
}

function fail({ step, number }: Beginning, error: ErrorDetail): void {
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
  return hasOwnBudget(task) || isAffordable(mission, wantedTogether(mission, task));
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
      running.reduce((left, { reserved }) => left - (reserved?.[kind] ?? 0), mission.reserved[kind]) <= 0,
  );
}

function queue(
  { mission, step, number, budget }: Beginning,
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
    reserved: isOffered ? amountsOrNone(wantedBy(mission, task)) : undefined,
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
function detailsOf({ mission, step, budget }: Beginning, task: TaskView): Detailed {
  const plain = task.attempt === 0 ? plainDetails(task as Task) : undefined;
  if (plain === undefined) return none;
  const text = JSON.stringify(plain);
  if (!hasExpression(text)) return none;
  const made = dataExpressionOf(text);
  if (!made.ok) return { ok: false, error: invalid(task.spec.id, made.problem) };
  const given = evaluate(
    { mission, nowMs: step.nowMs, budget },
    made.program,
    `what ${task.spec.id} is offered with`,
  );
  return given.ok ? { ok: true, details: texts(given.value) as unknown as OfferDetails } : given;
}

const none: Detailed = { ok: true, details: undefined };

/** Turns the value of an expression into texts: keys are texts. */
function texts(value: Json): Json {
  const { labels, limitKeys, cacheTags, dueMs, capability, ...keys } = value as Record<string, Json>;
  return {
    ...mapped(keys),
    labels: mapped((labels ?? {}) as Record<string, Json>),
    limitKeys: ((limitKeys ?? []) as Json[]).map(textOf),
    cacheTags: ((cacheTags ?? []) as Json[]).map(textOf),
    dueMs: dueMs ?? 0,
    capability: capability ?? 0,
  };
}

function mapped(values: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function queueChild(
  { mission, step, number, budget }: Beginning,
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
  const given = wantedBy(mission, task);
  for (const kind of kinds) {
    if ((task.authority?.budget?.[kind] ?? 0) > 0) given[kind] = 0;
    else if (limit[kind] > 0 && given[kind] === 0) given[kind] = available[kind];
  }
  return given;
}
