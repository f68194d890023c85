/** Moves tasks to a part in another mode: an existing part that accepts them, or a new one. */
import { Mode } from "@tutti/contracts/session/v1";
import { hasBudget } from "../budget/remaining.ts";
import { stopIfUsedUp } from "../life/end.ts";
import { operationQueued, partMade, tasksMoved } from "../part/events.ts";
import { isPlanned } from "../part/parts.ts";
import { acceptsTasks, type PartView, type SessionStep, type SessionView } from "../state.ts";
import { deliverOutcomes, newPart, unknownTo } from "./references.ts";

export interface TaskMoveRequest {
  readonly tasks: number[];
  readonly mode: Mode;
  readonly reason: string;
  /** Whether the tasks need a new part. */
  readonly needsNewPart?: boolean;
}

export function moveTo(session: SessionView, step: SessionStep, moving: TaskMoveRequest): void {
  const { tasks, mode, reason } = moving;
  const target = moving.needsNewPart === true ? undefined : partFor(session, tasks, mode);
  if (target === undefined) {
    if (stopIfUsedUp(session, step)) return;
    step.emit(partMade, { part: newPart(session, { mode, tasks, reason }), makeMs: step.nowMs });
    const part = session.parts.length - 1;
    if (session.pauseMs > 0)
      step.emit(operationQueued, { part, operation: { operation: { $case: "pause", value: true } } });
    deliverOutcomes(session, step);
    return;
  }
  step.emit(tasksMoved, { tasks, toPart: target.number, reason, moveMs: step.nowMs });
  if (!isPlanned(target)) addToPart(session, step, target, tasks);
}

/** Adds tasks of a part to its work, with their references. */
export function addToPart(session: SessionView, step: SessionStep, part: PartView, tasks: number[]): void {
  const elsewhere = unknownTo(session, part, tasks).filter((number) => !tasks.includes(number));
  step.emit(operationQueued, {
    part: part.number,
    operation: { operation: { $case: "add", value: { tasks, elsewhere } } },
  });
  deliverOutcomes(session, step);
}

/** A part that knows a task as one of another part cannot have it as its own. */
function partFor(session: SessionView, tasks: readonly number[], mode: Mode): PartView | undefined {
  const able = session.parts.filter(
    (part) => acceptsTasks(part) && !tasks.some((task) => part.elsewhere.has(task)),
  );
  // The existing parts have the whole budget: a new part would have none.
  return able.find((part) => part.mode === mode) ?? (hasBudget(session) ? able[0] : undefined);
}

/** Returns the mode of tasks that are added later. */
export function modeOfMore(mode: Mode): Mode {
  return mode === Mode.MODE_HYBRID ? Mode.MODE_SWARM : mode;
}
