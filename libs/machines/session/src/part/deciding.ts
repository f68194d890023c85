/** Parts controlled by an orchestrator of the user: a run of one task asks it for each decision. */
import { Mode } from "@tutti/contracts/session/v1";
import { childIdOf, withdrawRun } from "@tutti/machine-work";
import { partId } from "../numbers.ts";
import { isOpen, type PartView, type SessionStep, type SessionView } from "../state.ts";

/** Returns whether an orchestrator of the user decides which tasks of the part start. */
export function isDecided({ mode }: Pick<PartView, "mode">): boolean {
  return mode === Mode.MODE_CUSTOM;
}

/**
 * Returns the id of the run that asks for the next decision about a part. The next owner computes the same
 * id.
 */
export function questionRunId(
  { key }: Pick<SessionView, "key">,
  { number, decisions }: Pick<PartView, "number" | "decisions">,
): string {
  return childIdOf(key.id, { id: `${partId(number)}.decision`, node: decisions + 1 }, 1);
}

/** Task id under which a run that asks reports. It is no task of the session. */
export const questionTask = "decision";

/** Returns whether a decision is still needed. */
function isUndecided({ tasks }: Pick<SessionView, "tasks">, part: PartView): boolean {
  return [...part.tasks].some((number) => tasks[number]?.isPlaced === false && tasks[number].endMs === 0);
}

/** Withdraws a decision: the run that asks ends, or never starts. */
export function withdrawQuestion(
  session: SessionView,
  step: SessionStep,
  part: PartView,
  isByForce: boolean,
): void {
  if (!isDecided(part) || !isOpen(part) || part.isOver || !isUndecided(session, part)) return;
  const { namespace, id } = session.key;
  const to = { service: "workflow", namespace, kind: "run", id: questionRunId(session, part) };
  const parent = { namespace, kind: "session", id, task: questionTask };
  const reason = `the session ${id} ends`;
  step.send(to, withdrawRun, {
    definition: "",
    parent,
    terminate: isByForce,
    reason,
    fromId: "",
    noCompensate: false,
  });
}
