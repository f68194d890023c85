/** Results of parts: their work has started or was refused, has ended, or has completed an operation. */
import {
  ConfirmOperation,
  ConfirmPart,
  EndPart,
  type OperationMove,
  type PartOperation,
  PassPartOn,
  RefuseOperation,
  RefusePart,
  SessionDone,
} from "@tutti/contracts/session/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { EndChild } from "@tutti/contracts/workflow/v1";
import { isEnded } from "@tutti/kernel";
import { bounded, isDone, reasonOf } from "@tutti/machine-work";
import { hasBudget } from "../budget/remaining.ts";
import { checkPart, executesTasks, stopPart } from "../life/end.ts";
import { needsChoice, requestedModeOf } from "../life/prerequisites.ts";
import { commandOf, goingOn } from "../life/step.ts";
import { kindOfEffect, partEffects, partOfEffect, partOfId } from "../numbers.ts";
import {
  hasEnded,
  isGoing,
  isOpen,
  type PartView,
  type SessionCommand,
  type SessionStep,
  type SessionView,
} from "../state.ts";
import { noteTasksOf } from "../task/commands.ts";
import { moveTo } from "../task/move.ts";
import { operationDone, operationQueued, partConfirmed, partEnded, partOver } from "./events.ts";
import { workIdOf } from "./parts.ts";

const done: SessionDone = {};

export const confirmPart: SessionCommand<ConfirmPart, SessionDone> = commandOf({
  type: "confirm_part",
  codec: ConfirmPart,
  reply: SessionDone,
  decide(session, _, step) {
    const part = settledPart(session, step, partEffects.start);
    if (part === undefined) return done;
    step.emit(partConfirmed, { part: part.number, confirmMs: step.nowMs });
    return done;
  },
});

export const refusePart: SessionCommand<RefusePart, SessionDone> = commandOf({
  type: "refuse_part",
  codec: RefusePart,
  reply: SessionDone,
  decide(session, { error }, step) {
    const part = settledPart(session, step, partEffects.start);
    if (part === undefined) return done;
    const status = WorkStatus.WORK_STATUS_FAILED;
    const used = { tokens: 0, money: 0, timeMs: 0 };
    step.emit(partEnded, { part: part.number, status, error: bounded(error), endMs: step.nowMs, used });
    checkPart(session, step, part);
    return done;
  },
});

/**
 * Returns whether a part whose work cannot start may change its mode: the mode was chosen here, is not fixed, and none
 * of its tasks has moved before. A second change would cause a loop while no engine is reachable.
 */
export function mayPassOn(session: SessionView, part: PartView): boolean {
  const isFixed = session.order?.spec?.optimization?.fixed === true;
  // The budget of the run may be used up: nothing is left to start another one.
  if (isFixed || hasBudget(session) || !needsChoice(requestedModeOf(session)) || !isGoing(session))
    return false;
  return (
    part.status === WorkStatus.WORK_STATUS_PENDING &&
    !part.isOver &&
    !session.moves.some(({ task }) => part.tasks.has(task))
  );
}

/** The work could not start for too long. If it starts anyway, it ends, and its results do not count. */
export const passPartOn: SessionCommand<PassPartOn, SessionDone> = commandOf({
  type: "pass_part_on",
  codec: PassPartOn,
  reply: SessionDone,
  decide(session, { part: number, mode, reason }, step) {
    const part = session.parts[number];
    if (part === undefined || !executesTasks(mode) || mode === part.mode || !mayPassOn(session, part))
      return done;
    stopPart(session, step, part, "cancel");
    const tasks = [...part.tasks].filter((number) => !isDone(session.tasks[number]?.status ?? 0));
    const signals = part.operations.filter(({ operation }) => operation?.$case === "signal");
    const status = WorkStatus.WORK_STATUS_CANCELLED;
    step.emit(partEnded, { part: part.number, status, error: undefined, endMs: step.nowMs, used: undefined });
    const partNumber = session.parts.length;
    if (tasks.length > 0) moveTo(session, step, { tasks, mode, reason: reasonOf(reason) });
    // An earlier part has its own copy of a signal to the session.
    if (session.parts[partNumber] !== undefined)
      for (const { operation } of signals)
        step.emit(operationQueued, { part: partNumber, operation: { operation } as PartOperation });
    return done;
  },
});

const rejectedReason = "the work of its part took no more tasks";

/** Returns the tasks that were to be added when the part ended. */
function unacceptedTasks(session: SessionView, part: PartView): number[] {
  const tasks = part.operations.flatMap(({ operation }) =>
    operation?.$case === "add" ? operation.value.tasks : [],
  );
  return tasks.filter((number) => {
    const task = session.tasks[number];
    return task !== undefined && task.part === part.number && !isDone(task.status);
  });
}

/** Result: its work has ended and reports its tasks again. */
export const endPart: SessionCommand<EndPart, SessionDone> = commandOf({
  type: "end_part",
  codec: EndPart,
  reply: SessionDone,
  decide(session, { notes, status, error, used }, step) {
    const part = settledPart(session, step, partEffects.follow);
    if (part === undefined || !isEnded(status)) return done;
    noteTasksOf(session, step, part, notes);
    const detail = error === undefined ? undefined : bounded(error);
    const tasks = unacceptedTasks(session, part);
    step.emit(partEnded, { part: part.number, status, error: detail, endMs: step.nowMs, used });
    if (tasks.length > 0 && status === WorkStatus.WORK_STATUS_COMPLETED && isGoing(session))
      moveTo(session, step, { tasks, mode: part.mode, reason: rejectedReason, needsNewPart: true });
    checkPart(session, step, part);
    return done;
  },
});

/** Message of its work: it has ended. Its tasks are read again before the end counts. */
export const endChild: SessionCommand<EndChild, SessionDone> = {
  type: "end_child",
  codec: EndChild,
  reply: SessionDone,
  decide(session, { taskId, ending }, step) {
    const part = session.parts[partOfId(taskId)];
    if (hasEnded(session) || part === undefined || ending === undefined) return done;
    if (!isOpen(part) || part.isOver || workIdOf(session, part.number) !== ending.runId) return done;
    return goingOn(session, step, () => {
      step.emit(partOver, { part: part.number });
      return done;
    });
  },
};

/** Result: an operation has completed. */
export const confirmOperation: SessionCommand<ConfirmOperation, SessionDone> = commandOf({
  type: "confirm_operation",
  codec: ConfirmOperation,
  reply: SessionDone,
  decide(session, { withdrawnTaskIds }, step) {
    const part = settledPart(session, step, partEffects.operate);
    const operation = part?.operations[0]?.operation;
    if (part === undefined || operation === undefined) return done;
    const moving = operation.$case === "withdraw" ? (operation.value as OperationMove) : undefined;
    step.emit(operationDone, { part: part.number, error: undefined });
    if (moving === undefined || !isGoing(session)) return done;
    const withdrawn = new Set(withdrawnTaskIds);
    const tasks = moving.tasks.filter((number) => {
      const task = session.tasks[number];
      // The operation may have been executed twice: a task that another part has by now belongs to that part.
      const isHere = task?.part === part.number && task.isPlaced;
      return isHere && withdrawn.has(task.spec.id) && !isDone(task.status);
    });
    if (tasks.length > 0) moveTo(session, step, { tasks, mode: moving.mode, reason: moving.reason });
    return done;
  },
});

/** Result: the operation is impossible, and has no effect. The end of the part shows the consequences. */
export const refuseOperation: SessionCommand<RefuseOperation, SessionDone> = commandOf({
  type: "refuse_operation",
  codec: RefuseOperation,
  reply: SessionDone,
  decide(session, { error }, step) {
    const part = settledPart(session, step, partEffects.operate);
    const operation = part?.operations[0]?.operation;
    if (part === undefined || operation === undefined) return done;
    step.emit(operationDone, { part: part.number, error: bounded(error) });
    // Another part executes the tasks that this work does not accept.
    if (operation.$case === "add" && isGoing(session)) {
      const tasks = operation.value.tasks.filter((number) => !isDone(session.tasks[number]?.status ?? 0));
      if (tasks.length > 0)
        moveTo(session, step, {
          tasks: [...tasks],
          mode: part.mode,
          reason: rejectedReason,
          needsNewPart: true,
        });
    }
    return done;
  },
});

/** Returns the part of a result of this kind. */
function settledPart(session: SessionView, step: SessionStep, kind: number): PartView | undefined {
  const { number } = step.settles ?? { number: 0 };
  const part = partOfEffect(number);
  return part === undefined || kindOfEffect(number) !== kind ? undefined : session.parts[part];
}
