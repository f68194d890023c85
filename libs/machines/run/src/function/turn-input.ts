/** What a turn of a durable function is given: its input, and the journal as far as its worker may not have it. */
import { type FunctionEntry, FunctionEntryKind } from "@tutti/contracts/workflow/v1";
import { bytesOrNull } from "@tutti/machine-work";
import { taskIdIn } from "../node/places.ts";
import type { Node, Run } from "../state.ts";

const { FUNCTION_ENTRY_KIND_STEP: step, FUNCTION_ENTRY_KIND_TASK: task } = FunctionEntryKind;
const { FUNCTION_ENTRY_KIND_END: end, FUNCTION_ENTRY_KIND_SET: set } = FunctionEntryKind;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns JSON, put together of JSON: values are not parsed for it. */
export function turnInput(run: Run, node: Node): Uint8Array {
  const { more, visit, queueAt, input, range, number } = node;
  const { from = 0, to = 0, entries = [] } = more?.code ?? {};
  const seed = `${run.key.id}/${taskIdIn(run, range, number)}/${visit}`;
  let text = `{"function":1,"input":${decoder.decode(bytesOrNull(input))},"nowMs":${run.createMs + queueAt}`;
  text += `,"seed":${JSON.stringify(seed)},"from":${from},"journal":[`;
  for (let place = from; place < to; place++)
    text += (place > from ? "," : "") + entryText(entries[place] as FunctionEntry, run);
  return encoder.encode(`${text}]}`);
}

function entryText({ kind, id, at, atMs, json, error, node }: FunctionEntry, run: Run): string {
  const name = `${JSON.stringify(id)},"atMs":${atMs}`;
  const place = at === "" ? "" : `,"at":${JSON.stringify(at)}`;
  const result =
    error === undefined
      ? `"output":${json || "null"}`
      : `"error":${JSON.stringify({ code: error.code, message: error.message, details: error.details })}`;
  switch (kind) {
    case step:
      return `{"step":${name}${place},${result}}`;
    case task:
      return `{"task":${name}${place},"kind":"${run.nodes[node]?.range.plan.task(run.nodes[node]?.task ?? 0).kind ?? ""}"}`;
    case end:
      return `{"end":${name},${result}}`;
    case set:
      return `{"set":${name}${place},"value":${json || "null"}}`;
    default:
      return `{"undo":${name}${place}}`;
  }
}
