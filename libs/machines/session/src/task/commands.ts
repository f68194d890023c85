/** Commands about tasks: noted, added, placed, moved. */
import {
  AddTasksReply,
  AddTasksRequest,
  MoveWork,
  NoteTasks,
  PlaceTasks,
  type PlannedPlace,
  RecordDecision,
  SessionDone,
  type TaskNote,
  WorkMoving,
} from "@tutti/contracts/session/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Refusal } from "@tutti/kernel";
import { bounded, causeOf, isDone, reasonOf, taskStatusName } from "@tutti/machine-work";
import { hasBudget } from "../budget/remaining.ts";
import { sessionErrors } from "../errors.ts";
import { checkFailed, executesTasks } from "../life/end.ts";
import { commandOf } from "../life/step.ts";
import { partsMax } from "../limits.ts";
import { isDecided } from "../part/deciding.ts";
import { decisionRecorded, operationQueued, questionsNoted } from "../part/events.ts";
import { isPlanned } from "../part/parts.ts";
import {
  acceptsTasks,
  isAboutToEnd,
  isGoing,
  isOpen,
  type PartView,
  type SessionCommand,
  type SessionStep,
  type SessionView,
  type TaskView,
} from "../state.ts";
import { checkTasks } from "./check.ts";
import { planMade, tasksJoined, tasksNoted, tasksPlaced } from "./events.ts";
import { withGangs } from "./gang.ts";
import { addToPart, modeOfMore, moveTo } from "./move.ts";
import { deliverOutcomes } from "./references.ts";

const done: SessionDone = {};

/** Records the statuses of the tasks of a part, and its open questions, repeatedly. */
export const noteTasks: SessionCommand<NoteTasks, SessionDone> = commandOf({
  type: "note_tasks",
  codec: NoteTasks,
  reply: SessionDone,
  decide(session, { part: number, notes, openApprovals: open }, step) {
    const part = session.parts[number];
    if (part === undefined || !isOpen(part)) return done;
    if (open !== part.openQuestions) step.emit(questionsNoted, { part: number, open, noteMs: step.nowMs });
    checkFailed(session, step, noteTasksOf(session, step, part, notes));
    return done;
  },
});

/**
 * Records statuses. An ended task never changes, and its new part reports a task that moved away. Returns the
 * tasks that this ended.
 */
export function noteTasksOf(
  session: SessionView,
  step: SessionStep,
  part: PartView,
  notes: readonly TaskNote[],
): readonly TaskView[] {
  const over = new Set<number>();
  const changed = notes.filter(({ task: number, status }) => {
    const task = session.tasks[number];
    if (task === undefined || task.part !== part.number || isDone(task.status) || over.has(number))
      return false;
    if (isDone(status)) over.add(number);
    return status !== TaskStatus.TASK_STATUS_UNSPECIFIED;
  });
  if (changed.length === 0) return [];
  const recorded = changed.map((note) => ({
    ...note,
    // The part reports no time for a task that was skipped with another one.
    endMs: note.endMs || (isDone(note.status) ? step.nowMs : 0),
    error: note.error === undefined ? undefined : bounded(note.error),
  }));
  step.emit(tasksNoted, { notes: recorded, noteMs: step.nowMs });
  const ended = changed.filter(({ status }) => isDone(status)).map(({ task }) => task);
  if (ended.length > 0 && isGoing(session)) deliverOutcomes(session, step, ended);
  return ended.flatMap((number) => session.tasks[number] ?? []);
}

/** Adds all tasks or none. */
export const addTasks: SessionCommand<AddTasksRequest, AddTasksReply> = commandOf({
  type: "add_tasks",
  codec: AddTasksRequest,
  reply: AddTasksReply,
  decide(session, { tasks }, step) {
    const refusal = checkTasks(session, tasks);
    if (refusal !== undefined) return refusal;
    if (isAboutToEnd(session))
      return sessionErrors.ended.refusal({ id: step.key.id, status: "about to end" });
    const isDivided = isGoing(session) && hasBudget(session) && !session.parts.some(acceptsTasks);
    if (isDivided) return sessionErrors.ended.refusal({ id: step.key.id, status: "about to end" });
    const from = session.tasks.length;
    step.emit(tasksJoined, { tasks, cause: causeOf(step), joinMs: step.nowMs });
    // Before the start, the choice includes them.
    if (isGoing(session)) {
      const numbers = tasks.map((_, index) => from + index);
      moveTo(session, step, { tasks: numbers, mode: modeOfMore(session.mode), reason: "they were added" });
    }
    return { total: session.tasks.length };
  },
});

/** Starts tasks of a planned part, repeatedly, and may record a new plan. */
export const placeTasks: SessionCommand<PlaceTasks, SessionDone> = commandOf({
  type: "place_tasks",
  codec: PlaceTasks,
  reply: SessionDone,
  decide(session, { part: number, begin, plan }, step) {
    const part = session.parts[number];
    const isOurs = part !== undefined && isPlanned(part) && !isDecided(part);
    if (!isOurs || !acceptsTasks(part) || !isGoing(session)) return done;
    const known = (task: number) => session.tasks[task]?.part === part.number;
    if (plan !== undefined) {
      // Tasks that were placed keep their agents.
      const places = plan.places.filter(({ task }) => known(task) && session.tasks[task]?.isPlaced === false);
      step.emit(planMade, { plan: { ...plan, places }, planMs: step.nowMs });
    }
    placeIn(session, step, part, begin);
    return done;
  },
});

/** Records a decision of an orchestrator of the user: each counts once, even if it is reported repeatedly. */
export const recordDecision: SessionCommand<RecordDecision, SessionDone> = commandOf({
  type: "record_decision",
  codec: RecordDecision,
  reply: SessionDone,
  decide(session, { part: number, number: decision, begin, moves, reason }, step) {
    const part = session.parts[number];
    if (part === undefined || !isDecided(part) || !acceptsTasks(part) || !isGoing(session)) return done;
    if (decision !== part.decisions + 1) return done;
    if (moves.length > 0 && hasBudget(session))
      return sessionErrors.budgetUndivided.refusal({ id: step.key.id });
    if (moves.length > 0 && session.order?.spec?.optimization?.fixed === true)
      return sessionErrors.modeFixed.refusal({ id: step.key.id });
    const full = moves.length === 0 ? undefined : partsFull(session, moves.length);
    if (full !== undefined) return full;
    const unfit = moves.find(({ mode }) => !executesTasks(mode));
    if (unfit !== undefined) return sessionErrors.modeUnfit.refusal({ mode: String(unfit.mode) });
    step.emit(decisionRecorded, {
      part: number,
      number: decision,
      reason: reasonOf(reason),
      decideMs: step.nowMs,
    });
    for (const { taskIds, mode, reason: moveReason } of moves) {
      const named = taskIds.flatMap((id) => session.byId.get(id) ?? []);
      const tasks = withGangs(session, named).flatMap((at) => {
        const task = session.tasks[at];
        const isFree = task?.part === number && !task.isPlaced && !isDone(task.status);
        return isFree ? [task.number] : [];
      });
      if (tasks.length > 0) moveTo(session, step, { tasks, mode, reason: reasonOf(moveReason || reason) });
    }
    placeIn(session, step, part, begin);
    return done;
  },
});

/** Places the tasks that can start now. A plan also places tasks that only need tasks of the same work. */
function placeIn(
  session: SessionView,
  step: SessionStep,
  part: PartView,
  begin: readonly PlannedPlace[],
): void {
  const placesByTask = new Map([...begin].reverse().map((place) => [place.task, place]));
  const placed = new Set<number>();
  const isInWork = (id: string): boolean => {
    const number = session.byId.get(id) ?? -1;
    const task = session.tasks[number];
    if (task === undefined || isDone(task.status)) return true;
    return task.part === part.number && (task.isPlaced || placed.has(number));
  };
  const places = withGangs(session, new Set(begin.map(({ task }) => task))).flatMap((number) => {
    const task = session.tasks[number];
    if (task === undefined || task.part !== part.number || task.isPlaced) return [];
    // The members of a gang are placed together, once all can start.
    const mayFollow = () =>
      !isDecided(part) && task.spec.gang === "" && task.spec.needs.every((need) => isInWork(need.task));
    if (task.open > 0 && !mayFollow()) return [];
    placed.add(number);
    const { plannedAgent: agent, plannedStartMs: startMs, plannedEndMs: endMs } = task;
    return [placesByTask.get(number) ?? { task: number, agent, startMs, endMs }];
  });
  if (places.length === 0) return;
  step.emit(tasksPlaced, { part: part.number, places, placeMs: step.nowMs });
  addToPart(
    session,
    step,
    part,
    places.map(({ task }) => task),
  );
}

/** Moves tasks: immediately if they have no part, otherwise when their part has released them. */
export const moveTasks: SessionCommand<MoveWork, WorkMoving> = commandOf({
  type: "move_tasks",
  codec: MoveWork,
  reply: WorkMoving,
  decide(session, { taskIds, mode, reason }, step) {
    if (session.order?.spec?.optimization?.fixed === true)
      return sessionErrors.modeFixed.refusal({ id: step.key.id });
    if (hasBudget(session)) return sessionErrors.budgetUndivided.refusal({ id: step.key.id });
    // A session that is about to end accepts no moves.
    if (isAboutToEnd(session))
      return sessionErrors.ended.refusal({ id: step.key.id, status: "about to end" });
    if (!executesTasks(mode)) return sessionErrors.modeUnfit.refusal({ mode: String(mode) });
    const full = partsFull(session);
    if (full !== undefined) return full;
    const requested: TaskView[] = [];
    const missing = taskIds.find((id) => !session.byId.has(id));
    if (missing !== undefined) return sessionErrors.taskMissing.refusal({ id: step.key.id, task: missing });
    for (const number of withGangs(
      session,
      taskIds.flatMap((id) => session.byId.get(id) ?? []),
    )) {
      const task = session.tasks[number];
      if (task === undefined) continue;
      if (hasStarted(task))
        return sessionErrors.taskBegun.refusal({ task: task.spec.id, status: taskStatusName(task.status) });
      requested.push(task);
    }
    const movesBefore = session.moves.length;
    const moveReason = reasonOf(reason);
    const free: number[] = [];
    const byPart = new Map<number, number[]>();
    for (const { number, part, isPlaced } of requested) {
      const at = session.parts[part];
      if (at === undefined || at.mode === mode) continue;
      // A part that has ended reports the tasks that it did not accept: another part executes these.
      if (isPlaced && (at.isOver || !isOpen(at))) continue;
      if (isPlaced) byPart.set(part, [...(byPart.get(part) ?? []), number]);
      else free.push(number);
    }
    if (free.length > 0) moveTo(session, step, { tasks: free, mode, reason: moveReason });
    for (const [part, tasks] of byPart)
      step.emit(operationQueued, {
        part,
        operation: { operation: { $case: "withdraw", value: { tasks, mode, reason: moveReason } } },
      });
    return { movesBefore };
  },
});

/**
 * Refuses a move if there are too many parts. Each move may create a part, immediately or when the work has
 * released its tasks. @param moves number of moves
 */
function partsFull({ parts }: SessionView, moves = 1): Refusal | undefined {
  const isMove = ({ operation }: PartView["operations"][number]) => operation?.$case === "withdraw";
  const queued = parts.reduce((sum, { operations }) => sum + operations.filter(isMove).length, 0);
  const found = parts.length + queued + moves;
  return found <= partsMax
    ? undefined
    : sessionErrors.tooMany.refusal({ items: "parts", found, max: partsMax });
}

function hasStarted({ status, startMs }: TaskView): boolean {
  return (
    startMs > 0 ||
    isDone(status) ||
    status === TaskStatus.TASK_STATUS_RUNNING ||
    status === TaskStatus.TASK_STATUS_WAITING
  );
}
