/** State of parts, for folds: the operations on their work, and their order. */
import {
  Mode,
  type NewPart,
  type PartOperation,
  SessionPhase,
  type SessionSpec,
} from "@tutti/contracts/session/v1";
import { type Placement, type TaskSpec, WorkStatus } from "@tutti/contracts/types/v1";
import { assert } from "@tutti/kernel";
import { childIdOf, isDone } from "@tutti/machine-work";
import type { FollowPart, OperatePart, PartWork, PlanPart, StartPart } from "../effects.ts";
import { movesMax } from "../limits.ts";
import { partEffect, partEffects, partId } from "../numbers.ts";
import {
  isOpen,
  type Part,
  type PartView,
  type Session,
  type SessionOutstanding,
  type SessionView,
  type Task,
} from "../state.ts";
import { withoutLoneMembers } from "../task/gang.ts";
import { taskOf } from "../task/nodes.ts";

export function partOf({ parts }: Session, number: number): Part {
  const part = parts[number];
  assert(part !== undefined, "a part that something happens to is there", { number });
  return part;
}

export function createPart(
  session: Session,
  fields: NewPart,
  ms: number,
  outstanding: SessionOutstanding,
): void {
  const number = session.parts.length;
  const part: Part = {
    number,
    mode: fields.mode,
    status: WorkStatus.WORK_STATUS_PENDING,
    reason: fields.reason,
    createMs: ms,
    confirmMs: 0,
    endMs: 0,
    error: undefined,
    operations: [],
    operationsDone: 0,
    elsewhere: new Set(fields.elsewhere),
    broughtIn: new Set(),
    isOver: false,
    tasks: new Set(),
    openQuestions: 0,
    decisions: 0,
    decision: "",
    budget: fields.budget,
    used: undefined,
  };
  session.parts.push(part);
  session.openParts += 1;
  moveTasks(session, fields.tasks, part, { reason: fields.reason, ms });
  // Planned tasks are added one by one.
  if (!isPlanned(part)) for (const task of fields.tasks) taskOf(session, task).isPlaced = true;
  outstanding.effect(partEffect(number, partEffects.start), 1, startOf(session, part));
}

interface Moving {
  readonly reason: string;
  readonly ms: number;
}

/** Moves tasks. From here on the former part knows them as tasks of another part. */
export function moveTasks(
  session: Session,
  numbers: readonly number[],
  to: Part,
  { reason, ms }: Moving,
): void {
  for (const number of numbers) {
    const task = taskOf(session, number);
    const from = session.parts[task.part];
    if (from !== undefined) {
      from.tasks.delete(number);
      if (task.isPlaced) from.elsewhere.add(number);
      if (session.moves.length >= movesMax) session.moves.shift();
      session.moves.push({ task: number, fromPart: from.number, toPart: to.number, moveMs: ms, reason });
    }
    task.part = to.number;
    task.isPlaced = false;
    to.tasks.add(number);
  }
}

/** Returns whether a plan or an orchestrator of a user starts its tasks one by one. */
export function isPlanned({ mode }: Pick<PartView, "mode">): boolean {
  return mode === Mode.MODE_INTELLIGENCE || mode === Mode.MODE_CUSTOM;
}

export function kindOfWork(mode: Mode): "run" | "mission" {
  return mode === Mode.MODE_WORKFLOW ? "run" : "mission";
}

export function workIdOf(session: SessionView, part: number): string {
  return childIdOf(session.key.id, { id: partId(part), node: part }, 1);
}

function workOf(session: Session, { number, mode }: Part): PartWork {
  return { part: number, partId: partId(number), mode, workId: workIdOf(session, number) };
}

/** Returns the effect with the initial tasks. Later ones are added once the work has started. */
function startOf(session: Session, part: Part): StartPart {
  const later = new Set<number>();
  for (const { operation } of part.operations)
    if (operation?.$case === "add") {
      for (const task of operation.value.tasks) later.add(task);
      for (const task of operation.value.elsewhere) later.add(task);
    }
  const first = (numbers: Iterable<number>) =>
    [...numbers].filter((number) => !later.has(number)).sort((one, other) => one - other);
  return {
    kind: "start_part",
    ...workOf(session, part),
    spec: {
      ...(session.order?.spec as SessionSpec),
      ...(part.budget !== undefined && { budget: part.budget }),
    },
    tasks: withoutLoneMembers(
      first(part.tasks)
        .map((number) => taskOf(session, number))
        .flatMap(({ isPlaced, spec }) => (isPlaced ? [spec] : [])),
    ),
    elsewhere: idsOf(session, first(part.elsewhere)),
  };
}

function idsOf(session: Session, numbers: readonly number[]): string[] {
  return numbers.map((number) => taskOf(session, number).spec.id);
}

function operateOf(session: Session, part: Part, operation: PartOperation): OperatePart {
  const number = part.operationsDone + 1;
  const { operation: request } = operation;
  const tasks =
    request?.$case === "add"
      ? withoutLoneMembers(request.value.tasks.map((task) => placedSpec(taskOf(session, task), part)))
      : noTasks;
  const elsewhere = request?.$case === "add" ? idsOf(session, request.value.elsewhere) : noIds;
  const isAbout = request?.$case === "withdraw" || request?.$case === "bringIn";
  const taskIds = isAbout ? idsOf(session, request.value.tasks) : noIds;
  const spec = session.order?.spec as SessionSpec;
  return {
    kind: "operate_part",
    ...workOf(session, part),
    spec,
    number,
    operation,
    tasks,
    taskIds,
    elsewhere,
  };
}

/**
 * Returns the specification with a preference for the planned agent. Another agent is used while that agent
 * is full or disconnected.
 */
function placedSpec({ spec, plannedAgent }: Task, part: Part): TaskSpec {
  const contextKey = spec.placement?.contextKey ?? "";
  if (!isPlanned(part) || plannedAgent === "" || contextKey !== "") return spec;
  const placement = { ...(spec.placement ?? nowhere), contextKey: `agent/${plannedAgent}` };
  return { ...spec, placement };
}

const nowhere: Placement = {
  pool: "",
  require: undefined,
  prefer: undefined,
  sameAgentAs: [],
  notAgentOf: [],
  stickyKey: "",
  contextKey: "",
};

const noTasks: StartPart["tasks"] = [];
const noIds: readonly string[] = [];

export function queueOperation(
  session: Session,
  part: Part,
  operation: PartOperation,
  outstanding: SessionOutstanding,
): void {
  const { operation: request } = operation;
  if (request?.$case === "add") {
    for (const task of request.value.tasks) taskOf(session, task).isPlaced = true;
    for (const task of request.value.elsewhere) part.elsewhere.add(task);
  }
  if (request?.$case === "bringIn") for (const task of request.value.tasks) part.broughtIn.add(task);
  part.operations.push(operation);
  if (part.operations.length === 1) requestDecision(session, part, outstanding);
}

/** Tasks that its work refused were never part of it: their next part has nothing to withdraw there. */
export function shiftOperation(
  session: Session,
  part: Part,
  isRefused: boolean,
  outstanding: SessionOutstanding,
): void {
  const operation = part.operations.shift()?.operation;
  if (isRefused && operation?.$case === "add")
    for (const number of operation.value.tasks) {
      const task = taskOf(session, number);
      if (task.part === part.number && !isDone(task.status)) task.isPlaced = false;
    }
  part.operationsDone += 1;
  if (part.operations.length === 0) outstanding.settled(partEffect(part.number, partEffects.operate));
  else requestDecision(session, part, outstanding);
}

function requestDecision(session: Session, part: Part, outstanding: SessionOutstanding): void {
  const [first] = part.operations;
  if (first === undefined || part.status !== WorkStatus.WORK_STATUS_RUNNING || part.isOver) return;
  const number = partEffect(part.number, partEffects.operate);
  outstanding.effect(number, part.operationsDone + 1, operateOf(session, part, first));
}

export function confirmPart(session: Session, part: Part, ms: number, outstanding: SessionOutstanding): void {
  part.status = WorkStatus.WORK_STATUS_RUNNING;
  part.confirmMs = ms;
  outstanding.settled(partEffect(part.number, partEffects.start));
  // The part may have reported its end before its start.
  if (part.isOver) follow(session, part, outstanding);
  else recoverRunning(session, part, outstanding);
}

export function overPart(session: Session, part: Part, outstanding: SessionOutstanding): void {
  part.isOver = true;
  outstanding.settled(partEffect(part.number, partEffects.operate));
  outstanding.settled(partEffect(part.number, partEffects.plan));
  if (part.status === WorkStatus.WORK_STATUS_RUNNING) follow(session, part, outstanding);
}

/** Requests all outstanding effects of a part. */
export function recoverPart(session: Session, part: Part, outstanding: SessionOutstanding): void {
  if (!isOpen(part)) return;
  if (part.status === WorkStatus.WORK_STATUS_PENDING)
    outstanding.effect(partEffect(part.number, partEffects.start), 1, startOf(session, part));
  else if (part.isOver) follow(session, part, outstanding);
  else recoverRunning(session, part, outstanding);
}

function recoverRunning(session: Session, part: Part, outstanding: SessionOutstanding): void {
  follow(session, part, outstanding);
  requestDecision(session, part, outstanding);
  if (!isPlanned(part) || session.phase !== SessionPhase.SESSION_PHASE_GOING) return;
  const plan: PlanPart = { kind: "plan_part", ...workOf(session, part) };
  outstanding.effect(partEffect(part.number, partEffects.plan), 1, plan);
}

function follow(session: Session, part: Part, outstanding: SessionOutstanding): void {
  const { isOver } = part;
  const effect: FollowPart = { kind: "follow_part", ...workOf(session, part), isOver };
  outstanding.effect(partEffect(part.number, partEffects.follow), isOver ? 2 : 1, effect);
}

/** Starts nothing new in the part. Its end is awaited. */
export function stopPart(part: Part, outstanding: SessionOutstanding): void {
  part.operations.length = 0;
  outstanding.settled(partEffect(part.number, partEffects.operate));
  outstanding.settled(partEffect(part.number, partEffects.plan));
}

export function endPart(
  session: Session,
  part: Part,
  status: WorkStatus,
  outstanding: SessionOutstanding,
): void {
  if (isOpen(part)) session.openParts -= 1;
  part.status = status;
  part.isOver = true;
  part.openQuestions = 0;
  part.operations.length = 0;
  for (const kind of Object.values(partEffects)) outstanding.settled(partEffect(part.number, kind));
}
