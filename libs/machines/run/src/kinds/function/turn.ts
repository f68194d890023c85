/** Accepts the result of a turn of a durable function: records its steps, adds its tasks, and continues or ends. */

import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { type FunctionEntry, FunctionEntryKind, type ObjectEntry } from "@tutti/contracts/workflow/v1";
import { checkAddition, type TaskDocument } from "@tutti/definitions";
import { type Json, parseExactly, writeExactly } from "@tutti/expressions";
import { isRefusal } from "@tutti/kernel";
import {
  bounded,
  type Data,
  detailOfRefusal,
  encodeJson,
  parsed,
  storedValueIn,
  truncate,
  UnreadableData,
} from "@tutti/machine-work";
import { type AttemptReport, failAttempt, failForGood, roomProblem } from "../../core/attempt/outcome.ts";
import { encoded } from "../../core/evaluate/evaluate.ts";
import { heldObject, isReader, sendChange } from "../../core/limit/limits.ts";
import { idOf, type Place } from "../../core/node/task-kind.ts";
import { readPlan } from "../../core/plan/plan-of.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { objectStateBytesMax, spawnStepsMax } from "../../core/state/limits.ts";
import { partRanges } from "../../core/state/places.ts";
import type { NodeView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { stopChildrenIn } from "../child/stopping.ts";
import { finish } from "../gate/checks.ts";
import { addable, taskThere } from "../spawn/check.ts";
import { tasksAdded } from "../spawn/events.ts";
import { functionTurned, partsDropped, stepRecorded } from "./events.ts";
import { readTurn, type Turn, type TurnError, type TurnStep } from "./turn-output.ts";

const problemsMax = 5;
const problemLengthMax = 300;

export function recordTurn(place: Place, output: Data | undefined, attemptReport: AttemptReport): void {
  const turn = turnOf(output);
  if (typeof turn === "string") {
    failAttempt(
      place,
      detailOfRefusal(runErrors.turnInvalid.refusal({ task: idOf(place), problem: turn })),
      attemptReport,
    );
    return;
  }
  const { run, number } = place;
  const journal = stateOfKind(run.nodes[number], "function")?.journal;
  // A worker with another journal has taken other steps.
  const isBehind = turn.known !== (journal?.entries.length ?? 0);
  if (turn.cold || isBehind) {
    turned(place, attemptReport, { cold: true, discarded: !turn.cold });
    return;
  }
  if (!recordSteps(place, turn.steps, attemptReport)) return;
  if (turn.end !== undefined) {
    finishFunction(place, turn.end, attemptReport);
    return;
  }
  const after = stateOfKind(run.nodes[number], "function")?.journal;
  if (!turn.more && (after?.open.size ?? 0) + (after?.ended.length ?? 0) === 0) {
    failAttempt(
      place,
      detailOfRefusal(runErrors.functionStuck.refusal({ task: idOf(place) })),
      attemptReport,
    );
    return;
  }
  turned(place, attemptReport, { more: turn.more });
}

function turnOf(output: Data | undefined): Turn | string {
  try {
    return readTurn(parsed(output));
  } catch (error) {
    if (error instanceof UnreadableData) return error.message;
    throw error;
  }
}

function turned(
  { step, number }: Place,
  { agent = "", used }: AttemptReport,
  { more = false, cold = false, discarded = false }: Partial<Record<"more" | "cold" | "discarded", boolean>>,
): void {
  step.emit(functionTurned, { node: number, agent, endMs: step.nowMs, used, more, cold, discarded });
}

/**
 * Records steps in their order. Consecutive tasks are added together. False if the function has failed by
 * them.
 */
function recordSteps(place: Place, steps: readonly TurnStep[], attemptReport: AttemptReport): boolean {
  const { run, step, number, budget } = place;
  const object = heldObject(run);
  const changes: ObjectEntry[] = [];
  let tasks: TurnStep[] = [];
  for (const each of steps) {
    if (each.kind === "task") {
      tasks.push(each);
      continue;
    }
    if (!addTasks(place, tasks, attemptReport)) return false;
    tasks = [];
    const entry = entryOf(each);
    const tooLarge = roomProblem(run, entry.json.length);
    if (tooLarge !== undefined) {
      failForGood(place, tooLarge, attemptReport);
      return false;
    }
    budget.spend(entry.json.length);
    step.emit(stepRecorded, { node: number, entry });
    if (each.kind === "set") changes.push({ name: each.id, value: encoder.encode(entry.json) });
  }
  if (object !== undefined && changes.length > 0 && !isReader(object)) {
    const tooLarge = objectStateProblem(object.state as Uint8Array | undefined, run.nodes[number]);
    if (tooLarge !== undefined) {
      failForGood(place, tooLarge, attemptReport);
      return false;
    }
    sendChange(step, object, changes);
  }
  return addTasks(place, tasks, attemptReport);
}

/**
 * Returns why the values of its keyed object are too large after its changes. They are measured only if that
 * is possible.
 */
function objectStateProblem(
  before: Uint8Array | undefined,
  node: NodeView | undefined,
): ErrorDetail | undefined {
  const journal = stateOfKind(node, "function")?.journal;
  if (journal === undefined || (before?.length ?? 0) + journal.bytes <= objectStateBytesMax) return undefined;
  const sizes = new Map<string, number>();
  if (before !== undefined)
    for (const [name, value] of Object.entries(parseExactly(decoder.decode(before)) as object))
      sizes.set(name, writeExactly(value).length);
  for (const { kind, id, json } of journal.entries)
    if (kind === FunctionEntryKind.FUNCTION_ENTRY_KIND_SET) sizes.set(id, json.length);
  let bytes = 0;
  for (const [name, size] of sizes) bytes += name.length + size;
  if (bytes <= objectStateBytesMax) return undefined;
  return detailOfRefusal(runErrors.objectTooLarge.refusal({ bytes, bytesMax: objectStateBytesMax }));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const kinds = {
  step: FunctionEntryKind.FUNCTION_ENTRY_KIND_STEP,
  set: FunctionEntryKind.FUNCTION_ENTRY_KIND_SET,
  undo: FunctionEntryKind.FUNCTION_ENTRY_KIND_UNDO,
} as const;

function entryOf(each: Exclude<TurnStep, { kind: "task" }>): FunctionEntry {
  const { kind, id, at, atMs } = each;
  const entry = { kind: kinds[kind], id, at, atMs, node: 0, used: undefined };
  if (kind === "step" && each.error !== undefined) return { ...entry, json: "", error: errorOf(each.error) };
  return { ...entry, json: kind === "undo" ? "" : writeExactly(each.value), error: undefined };
}

function errorOf(error: TurnError): ErrorDetail {
  return bounded(detailOf(error));
}

function detailOf({ isFinal, cause, ...error }: TurnError): ErrorDetail {
  const retry = isFinal ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_UNSPECIFIED;
  return ErrorDetail.fromPartial({ ...error, retry, cause: cause && detailOf(cause) });
}

function addTasks(place: Place, steps: readonly TurnStep[], attemptReport: AttemptReport): boolean {
  if (steps.length === 0) return true;
  const { run, step, number, budget } = place;
  const tasks: Record<string, TaskDocument> = {};
  for (const each of steps) if (each.kind === "task") tasks[each.id] = each.spec as TaskDocument;
  const retry = run.plan?.plan.run.retry;
  const { definition, problems } = checkAddition(tasks, {
    exists: (id) => taskThere(run, id) !== undefined,
    stepsMax: spawnStepsMax,
    literal: true,
    ...(retry !== undefined && { retry: { namespace: retry, pools: {} } }),
  });
  if (definition?.plan === undefined) {
    const texts = problems
      .filter(({ severity }) => severity === "error")
      .slice(0, problemsMax)
      .map(({ path, message }) => truncate(`${path}: ${message}`, problemLengthMax));
    const refusal = runErrors.additionInvalid.refusal({ task: idOf(place), problem: texts.join("; ") });
    failForGood(place, detailOfRefusal(refusal), attemptReport);
    return false;
  }
  const result = encoded(definition.plan as never, `the plan of the steps of ${idOf(place)}`);
  if (!result.ok) {
    failForGood(place, result.error, attemptReport);
    return false;
  }
  const checked = addable(run, readPlan(result.bytes), number, idOf(place));
  if (isRefusal(checked)) {
    failForGood(place, detailOfRefusal(checked), attemptReport);
    return false;
  }
  budget.spend(result.bytes.length);
  const at = steps.map((each) => each.at);
  step.emit(tasksAdded, { plan: result.bytes, node: number, outside: [], reason: "", addMs: step.nowMs, at });
  return true;
}

/** Ends the function. Tasks that it no longer waits for, such as the losers of a race, are stopped. */
function finishFunction(place: Place, end: NonNullable<Turn["end"]>, attemptReport: AttemptReport): void {
  const { run, step, number, budget } = place;
  for (const range of partRanges(run, run.nodes[number])) stopChildrenIn(run, step, budget, range, "cancel");
  if (partRanges(run, run.nodes[number]).some(({ remaining }) => remaining > 0))
    step.emit(partsDropped, { node: number, dropMs: step.nowMs });
  if ("error" in end) failForGood(place, errorOf(end.error), attemptReport);
  else finish(place, outputData(end.output), attemptReport);
}

/** A large output is in the blob store. A file within it stays JSON. */
function outputData(output: Json): Data | undefined {
  if (output === null) return undefined;
  return storedValueIn(output) ?? encodeJson(output);
}
