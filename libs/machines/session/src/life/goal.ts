/** Goals: agents break them down into tasks, and the outcomes of these are compared with the goal. */
import type { Goal } from "@tutti/contracts/session/v1";
import type { ErrorDetail, Payload, TaskList, TaskSpec } from "@tutti/contracts/types/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import {
  childIdOf,
  dataOf,
  dataOfPayload,
  detailOfRefusal,
  expressionOf,
  parsed,
  UnreadableData,
  withdrawRun,
} from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { isBeingPlanned, type SessionStep, type SessionView, specOf } from "../state.ts";
import { checkTasks } from "../task/check.ts";
import { computedOutput, joinedOutputs, textOf } from "./output.ts";

/** Returns the goal. Undefined if the session started with tasks. */
export function goalOf(session: SessionView): ReadOnly<Goal> | undefined {
  const { work } = specOf(session);
  return work?.$case === "goal" ? work.value : undefined;
}

/** Returns the id of the run that breaks the goal down. Each retry of the session has one of its own. */
export function planningRunId(session: SessionView): string {
  return childIdOf(session.key.id, { id: "goal", node: session.retries }, 1);
}

/** Returns why a session cannot have these tasks and their output. */
export function listProblem(
  session: SessionView,
  { tasks, output }: ReadOnly<TaskList>,
): Refusal | undefined {
  if (output !== "") {
    const compiled = expressionOf(textOf(output), "output", false);
    if (!compiled.ok) return sessionErrors.invalid.refusal({ problem: `output: ${compiled.problem}` });
  }
  return checkTasks(session, tasks as readonly TaskSpec[]);
}

export function goalProblem({ input, reached }: ReadOnly<Goal>): Refusal | undefined {
  const invalid = (problem: string) => sessionErrors.invalid.refusal({ problem });
  try {
    parsed(dataOfPayload(input as Payload | undefined));
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return invalid(`input: ${error.message}`);
  }
  if (reached === "") return undefined;
  const compiled = expressionOf(textOf(reached), "check", true);
  return compiled.ok ? undefined : invalid(`reached: ${compiled.problem}`);
}

/** All tasks have ended: returns why the goal is not reached. Undefined if it is. */
export function missedGoal(session: SessionView): ErrorDetail | undefined {
  const reached = goalOf(session)?.reached ?? "";
  if (reached === "") return undefined;
  const missed = (problem: string) =>
    detailOfRefusal(sessionErrors.goalMissed.refusal({ reached: textOf(reached), problem }));
  const compiled = expressionOf(textOf(reached), "check", true);
  if (!compiled.ok) return missed(compiled.problem);
  try {
    const result = compiled.program.evaluate((place) =>
      compiled.program.references[place] === "input"
        ? parsed(dataOfPayload(goalOf(session)?.input as Payload | undefined))
        : outputValue(session),
    );
    if (!result.ok) return missed(result.problem.message);
    return result.value === true ? undefined : missed("that it is not so");
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return missed(error.message);
  }
}

function outputValue(session: SessionView) {
  const output = computedOutput(session);
  const isOfTasks = !output.ok || output.bytes.length === 0;
  return parsed(isOfTasks ? joinedOutputs(session) : dataOf(output.bytes, undefined));
}

/** Stops the breakdown of the goal: the run ends, or never starts. */
export function cancelBreakdown(session: SessionView, step: SessionStep, isByForce: boolean): void {
  if (!isBeingPlanned(session)) return;
  const { namespace, id } = session.key;
  const to = { service: "workflow", namespace, kind: "run", id: planningRunId(session) };
  const parent = { namespace, kind: "session", id, task: planningTask };
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

/** Task id under which the run reports. It is no task of the session. */
export const planningTask = "goal";
