/**
 * A task with one execution for each entry of a list. Its node waits for the nodes of the entries.
 * `maxParallel` limits how many of these run concurrently.
 */

import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { bounded, detailOfRefusal, noBytes } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { type EventValue, encoded, evaluate, isFollowing } from "../../core/evaluate/evaluate.ts";
import { idOf, type Place, sceneOf } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { entriesMax, gangEntriesMax, nodesMax } from "../../core/state/limits.ts";
import { taskIdIn } from "../../core/state/places.ts";
import type { RangeView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { entriesBegun } from "./events.ts";

/** Creates the entries once the list is known. */
export function startEntries(place: Place): void {
  const { task, step, number, budget } = place;
  const scene = sceneOf(place);
  const result = evaluate(scene, task.forEach, `\`forEach\` of ${idOf(place)}`);
  if (!result.ok) {
    failForGood(place, result.error);
    return;
  }
  const count = Array.isArray(result.value) ? result.value.length : -1;
  const problem = problemOf(place, count, result.value);
  if (problem !== undefined) {
    failForGood(place, problem);
    return;
  }
  const list: EventValue = isFollowing(scene, task.forEach)
    ? { ok: true, bytes: noBytes, payload: undefined }
    : encoded(result.value, `\`forEach\` of ${idOf(place)}`);
  if (!list.ok) {
    failForGood(place, list.error);
    return;
  }
  budget.spend(list.bytes.length);
  step.emit(entriesBegun, { node: number, count, list: list.bytes, beginMs: step.nowMs });
}

function problemOf(place: Place, count: number, value: unknown): ErrorDetail | undefined {
  const task = idOf(place);
  if (count < 0) {
    const found = value === null ? "null" : typeof value === "object" ? "an object" : `a ${typeof value}`;
    return detailOfRefusal(runErrors.listExpected.refusal({ task, found }));
  }
  const { gang } = place.range.plan.policy(place.task);
  // The other members would wait for it for ever.
  if (gang !== undefined && (count < 1 || count > gangEntriesMax))
    return detailOfRefusal(runErrors.gangEntries.refusal({ task, gang, found: count, max: gangEntriesMax }));
  const max = Math.min(entriesMax, nodesMax - place.run.nodeCount);
  return count <= max
    ? undefined
    : detailOfRefusal(runErrors.tooManyEntries.refusal({ task, found: count, max: Math.max(0, max) }));
}

/**
 * Advances a list whose entries need attention: starts the next ones, or ends it after the last entry, or
 * after the first failure.
 *
 * @param startEntry starts one. False if it has to wait
 * @returns whether anything was done
 */
export function startNextEntries(
  place: Place,
  range: RangeView,
  startEntry: (entry: number) => boolean,
): boolean {
  const { run, number, task, budget } = place;
  const { maxParallel, failFast } = place.range.plan.policy(task);
  if (range.remaining === 0 || (failFast && range.failed >= 0)) {
    if (range.failed < 0) complete(place, undefined);
    else failForGood(place, errorOfEntries(place, range));
    return true;
  }
  let isDone = false;
  const most = maxParallel === 0 ? range.count : maxParallel;
  while (!budget.isSpent) {
    const detail = stateOfKind(run.nodes[number], "list");
    if (detail === undefined || detail.nextEntry >= range.count || detail.entriesOpen >= most) return true;
    // An entry that starts may fail immediately, which ends the others.
    if (failFast && range.failed >= 0) return true;
    budget.count();
    if (!startEntry(range.first + detail.nextEntry)) return isDone;
    isDone = true;
  }
  return true;
}

/** Returns the error of the first entry that failed. */
function errorOfEntries({ run }: Place, range: RangeView): ErrorDetail {
  const error = bounded(run.nodes[range.failed]?.error);
  const entry = taskIdIn(run, range, range.failed);
  return { ...error, details: { ...error.details, entry } };
}
