/**
 * Compensation undoes completed tasks one by one, the last one first. The end of the run reports each effect
 * that could not be undone. The others are undone anyway.
 */

import { type ErrorDetail, TaskStatus } from "@tutti/contracts/types/v1";
import type { Json, Value } from "@tutti/expressions";
import { detailOfRefusal, noBytes, parsed, UnreadableData } from "@tutti/machine-work";
import { runErrors } from "../../errors.ts";
import { type EventValue, encoded, evaluateInFull } from "../evaluate/evaluate.ts";
import { errorValue, type Scene } from "../evaluate/scene.ts";
import { effectOf, isNotUndone } from "../node/compensation-ledger.ts";
import type { Place } from "../node/task-kind.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { undoFailuresNamedMax } from "../state/limits.ts";
import { taskIdIn } from "../state/places.ts";
import type { NodeView, RunView } from "../state/state.ts";
import { undoFailed, undoQueued } from "./compensation-events.ts";

const { TASK_STATUS_COMPLETED: completed } = TaskStatus;
const nothing = { ok: true, bytes: noBytes } as const;

/** Starts to undo the effect of a task: the last of the remaining ones. */
export function compensateNext(place: Place): void {
  const { run, step, number, budget } = place;
  const node = run.nodes[number];
  if (node === undefined) return;
  // The code of a function executes its registered compensations, by its journal.
  const input =
    stateOfKind(node, "function") === undefined || node.status === completed ? inputOf(place, node) : nothing;
  if (!input.ok) {
    step.emit(undoFailed, { node: number, error: input.error, endMs: step.nowMs });
    return;
  }
  budget.spend(input.bytes.length);
  step.emit(undoQueued, { node: number, attempt: node.attempt + 1, queueMs: step.nowMs, input: input.bytes });
}

/** The compensation input from the definition, or else the input and output of the task. */
function inputOf({ run, range, task, number }: Place, node: NodeView): EventValue {
  const { compensate } = range.plan.policy(task);
  const subject = "`with` of `compensate`";
  try {
    const effect = effectOf(node);
    const names: Record<string, Value> = {
      output: parsed(effect.output),
      given: parsed(effect.input),
      error: errorValue(run.error),
    };
    const scene: Scene = { run, range, node: number, names };
    if (compensate !== null && compensate.input >= 0) return evaluateInFull(scene, compensate.input, subject);
    return encoded({ input: names["given"] as Json, output: names["output"] as Json }, subject);
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    const refusal = runErrors.dataUnreadable.refusal({ name: subject, problem: error.message });
    return { ok: false, error: detailOfRefusal(refusal) };
  }
}

/** Records that a compensation failed for good. */
export function failCompensation({ step, number }: Place, error: ErrorDetail): void {
  step.emit(undoFailed, { node: number, error, endMs: step.nowMs });
}

/** Returns the error, extended by the effects that could not be undone. */
export function withUndoFailures(run: RunView, error: ErrorDetail): ErrorDetail {
  const failed: string[] = [];
  let count = 0;
  for (const node of run.nodes) {
    if (node === undefined || !isNotUndone(node)) continue;
    count += 1;
    if (failed.length < undoFailuresNamedMax) failed.push(taskIdIn(run, node.range, node.number));
  }
  if (count === 0) return error;
  const rest = count > failed.length ? `, and ${count - failed.length} more` : "";
  return { ...error, details: { ...error.details, not_compensated: `${failed.join(", ")}${rest}` } };
}
