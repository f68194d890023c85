/**
 * Builds the input of a turn of a durable function: its input, and the journal entries that its worker may
 * lack.
 */

import { type ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { type FunctionEntry, FunctionEntryKind } from "@tutti/contracts/workflow/v1";
import { bytesOrNull, kinds } from "@tutti/machine-work";
import { heldObject, isReader } from "../limit/limits.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { taskIdIn } from "../state/places.ts";
import type { Node, Run } from "../state/state.ts";

const { FUNCTION_ENTRY_KIND_STEP: step, FUNCTION_ENTRY_KIND_TASK: task } = FunctionEntryKind;
const { FUNCTION_ENTRY_KIND_END: end, FUNCTION_ENTRY_KIND_SET: set } = FunctionEntryKind;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns JSON, joined from JSON parts. No value is parsed. */
export function turnInput(run: Run, node: Node, isUndo = false): Uint8Array {
  const { visit, readyAt, queueAt, attempt, input, range, number } = node;
  const { from = 0, to = 0, last = 0, cold = 0, entries = [] } = stateOfKind(node, "function")?.journal ?? {};
  const seed = `${run.key.id}/${taskIdIn(run, range, number)}/${visit}`;
  let text = `{"function":1,"input":${decoder.decode(bytesOrNull(input))},"startMs":${run.createMs + readyAt}`;
  text += `,"nowMs":${run.createMs + queueAt}`;
  text += `,"seed":${JSON.stringify(seed)},"turn":${attempt},"last":${last},"from":${from},"journal":[`;
  for (let place = from; place < to; place++)
    text += (place > from ? "," : "") + entryText(entries[place] as FunctionEntry, run);
  const undo = isUndo ? ',"undo":true' : "";
  return encoder.encode(
    `${text}]${undo}${cold > 0 ? `,"cold":${cold}` : ""}${objectText(run)}${budgetText(run, node)}}`,
  );
}

/** Returns the rest of the budget of the run. */
function budgetText({ order }: Run, { more }: Node): string {
  const budget = more?.turnBudget;
  if (budget === undefined) return "";
  const limited = kinds.filter((kind) => (order?.budget?.[kind] ?? 0) > 0);
  return `,"left":${JSON.stringify(Object.fromEntries(limited.map((kind) => [kind, budget[kind]])))}`;
}

/** Values of the keyed object as they were when the call started. Later changes of the call are in the journal. */
function objectText(run: Run): string {
  const object = heldObject(run);
  if (object === undefined) return "";
  const state = decoder.decode((object.state as Uint8Array | undefined) ?? encoder.encode("{}"));
  return `,"object":{"state":${state}${isReader(object) ? ',"reader":true' : ""}}`;
}

/** A final error is not followed by another attempt. The final error of a child is in its cause. */
function errorJson({ code, message, details, retry, cause }: ErrorDetail): object {
  return {
    code,
    message,
    details,
    ...(retry === RetryClass.RETRY_CLASS_NEVER && { final: true }),
    ...(cause !== undefined && { cause: errorJson(cause) }),
  };
}

/** Returns the used amounts of a task, without zeros. */
function usedText(used: FunctionEntry["used"]): string {
  if (used === undefined) return "";
  const usedKinds = kinds.filter((kind) => used[kind] > 0);
  return `,"used":${JSON.stringify(Object.fromEntries(usedKinds.map((kind) => [kind, used[kind]])))}`;
}

function entryText({ kind, id, at, atMs, json, error, node, used }: FunctionEntry, run: Run): string {
  const name = `${JSON.stringify(id)},"atMs":${atMs}`;
  const place = at === "" ? "" : `,"at":${JSON.stringify(at)}`;
  const result =
    error === undefined ? `"output":${json || "null"}` : `"error":${JSON.stringify(errorJson(error))}`;
  switch (kind) {
    case step:
      return `{"step":${name}${place},${result}}`;
    case task:
      return `{"task":${name}${place},"kind":"${run.nodes[node]?.range.plan.task(run.nodes[node]?.task ?? 0).kind ?? ""}"}`;
    case end:
      return `{"end":${name}${usedText(used)},${result}}`;
    case set:
      return `{"set":${name}${place},"value":${json || "null"}}`;
    default:
      return `{"undo":${name}${place}}`;
  }
}
