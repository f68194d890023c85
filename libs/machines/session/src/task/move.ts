/** Tasks go to a part in another mode: to one that is there and takes them, or to a new one. */
import { Mode } from "@tutti/contracts/session/v1";
import { hasBudget } from "../budget/left.ts";
import { stopWhereUsedUp } from "../life/end.ts";
import { operationQueued, partMade, tasksMoved } from "../part/events.ts";
import { isPlanned } from "../part/parts.ts";
import { type PartView, type SessionStep, type SessionView, takesMore } from "../state.ts";
import { bringIn, newPart, unknownTo } from "./look.ts";

export interface Moving {
  readonly tasks: number[];
  readonly mode: Mode;
  readonly reason: string;
  /** Whether no part that is there will do. */
  readonly isApart?: boolean;
}

export function moveTo(session: SessionView, step: SessionStep, moving: Moving): void {
  const { tasks, mode, reason } = moving;
  const target = moving.isApart === true ? undefined : partFor(session, tasks, mode);
  if (target === undefined) {
    if (stopWhereUsedUp(session, step)) return;
    step.emit(partMade, { part: newPart(session, { mode, tasks, reason }), makeMs: step.nowMs });
    const part = session.parts.length - 1;
    if (session.pauseMs > 0)
      step.emit(operationQueued, { part, operation: { operation: { $case: "pause", value: true } } });
    bringIn(session, step);
    return;
  }
  step.emit(tasksMoved, { tasks, toPart: target.number, reason, moveMs: step.nowMs });
  if (!isPlanned(target)) putIn(session, step, target, tasks);
}

/** The work of a part is given tasks that are in it, with what they look at. */
export function putIn(session: SessionView, step: SessionStep, part: PartView, tasks: number[]): void {
  const elsewhere = unknownTo(session, part, tasks).filter((number) => !tasks.includes(number));
  step.emit(operationQueued, {
    part: part.number,
    operation: { operation: { $case: "add", value: { tasks, elsewhere } } },
  });
  bringIn(session, step);
}

/** One that knows a task as one of another part cannot be given it as its own. */
function partFor(session: SessionView, tasks: readonly number[], mode: Mode): PartView | undefined {
  const able = session.parts.filter(
    (part) => takesMore(part) && !tasks.some((task) => part.elsewhere.has(task)),
  );
  // The budget is with the parts that are there: a new one would have none.
  return able.find((part) => part.mode === mode) ?? (hasBudget(session) ? able[0] : undefined);
}

/** The mode of what is added to a session later. */
export function modeOfMore(mode: Mode): Mode {
  return mode === Mode.MODE_HYBRID ? Mode.MODE_SWARM : mode;
}
