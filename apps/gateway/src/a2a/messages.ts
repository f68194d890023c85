/** A message as what Tutti takes: the input of a run, the data of a signal, the decision of an approval. */
import type { Amounts, Definition, Verdict } from "@tutti/rest/types";
import {
  A2aError,
  budgetExtension,
  invalid,
  isObject,
  type Json,
  type Message,
  type Part,
} from "./protocol.ts";

const textOf = (parts: readonly Part[]): string =>
  parts.flatMap((part) => ("text" in part ? [part.text] : [])).join("\n");
const dataOf = (parts: readonly Part[]): readonly unknown[] =>
  parts.flatMap((part) => ("data" in part ? [part.data] : []));

/**
 * The input of a run. Data is the input as it is. Text is the input where the schema wants a string, JSON if it is that,
 * or the one property that is a string.
 */
export function inputOf({ parts }: Message, { inputSchema = "" }: Definition): unknown {
  const [first, ...more] = dataOf(parts);
  if (more.length > 0) throw invalid("message.parts", "expected at most one part with data");
  if (first !== undefined) return first;
  const text = textOf(parts);
  const schema: unknown = inputSchema === "" ? undefined : JSON.parse(inputSchema);
  if (!isObject(schema)) return { text };
  if (schema["type"] === "string") return text;
  const parsed = jsonIn(text);
  if (parsed !== undefined && (schema["type"] !== "object" || isObject(parsed))) return parsed;
  const name = textProperty(schema);
  if (name !== undefined) return { [name]: text };
  throw invalid("message.parts", `expected a part with data that satisfies the schema ${inputSchema}`);
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The one property that a text can be. A required one before others. */
function textProperty({ properties, required }: Json): string | undefined {
  const strings = Object.entries(isObject(properties) ? properties : {}).flatMap(([name, property]) =>
    isObject(property) && property["type"] === "string" ? [name] : [],
  );
  const needed = Array.isArray(required) ? required : [];
  const candidates = needed.length > 0 ? strings.filter((name) => needed.includes(name)) : strings;
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The data of a signal: the one part with data, or the text. */
export function payloadOf({ parts }: Message): unknown {
  const data = dataOf(parts);
  if (data.length > 1) throw invalid("message.parts", "expected at most one part with data");
  return data.length === 1 ? data[0] : textOf(parts);
}

export interface Decision {
  readonly approvalId: string | undefined;
  /** The run of the question. */
  readonly askingRunId: string | undefined;
  readonly verdict: Verdict;
  readonly data?: unknown;
  readonly reason?: string;
}

const verdicts: ReadonlyMap<string, Verdict> = new Map([
  ["approve", "approved"],
  ["approved", "approved"],
  ["yes", "approved"],
  ["reject", "rejected"],
  ["rejected", "rejected"],
  ["no", "rejected"],
]);

/** `{"verdict": "approved", "data": …}`, or a text that is one of a few words. */
export function decisionOf(message: Message): Decision {
  const { parts } = message;
  const [data] = dataOf(parts);
  const decision = isObject(data) ? data : { verdict: textOf(parts) };
  const { verdict, approvalId, data: more, reason } = decision;
  const found = verdicts.get(String(verdict).trim().toLowerCase());
  if (found === undefined)
    throw invalid(
      "message.parts",
      'the task waits for an approval. Answer `approved` or `rejected`, or send data: {"verdict": "approved"}',
    );
  return {
    approvalId: typeof approvalId === "string" ? approvalId : undefined,
    askingRunId: askingRunIn(message),
    verdict: found,
    ...(more !== undefined && { data: more }),
    ...(typeof reason === "string" && { reason }),
  };
}

/** The run of the question that a message answers. Undefined if it names none. */
export function askingRunIn({ parts }: Message): string | undefined {
  const [data] = dataOf(parts);
  return isObject(data) && typeof data["runId"] === "string" ? data["runId"] : undefined;
}

/** The signal that a message names. Undefined if it names none. */
export function signalIn({ metadata }: Message): string | undefined {
  const { signal } = metadata;
  if (signal === undefined) return undefined;
  if (typeof signal !== "string" || signal === "")
    throw invalid("metadata.signal", "expected the name of a signal");
  return signal;
}

/** The skill that a message names: a workflow. */
export function skillIn({ metadata }: Message): string {
  const { skillId } = metadata;
  if (typeof skillId === "string" && skillId !== "") return skillId;
  throw invalid("metadata.skillId", "expected the id of a skill of the agent card, the name of a workflow");
}

/** The budget that a client gives a run. Undefined without one. */
export function budgetOf({ metadata }: Message): Amounts | undefined {
  const budget = metadata[budgetExtension];
  if (budget === undefined) return undefined;
  const field = `metadata["${budgetExtension}"]`;
  if (!isObject(budget)) throw invalid(field, "expected an object with `tokens`, `usd` or `timeMs`");
  const amount = (name: string): number => {
    const value = budget[name] ?? 0;
    const isSet = budget[name] !== undefined;
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0 || (isSet && value === 0))
      throw invalid(`${field}.${name}`, "expected a number above 0");
    return value;
  };
  return { tokens: amount("tokens"), money: amount("usd"), timeMs: amount("timeMs") };
}

export function unsupported(message: string): A2aError {
  return new A2aError("UNSUPPORTED_OPERATION", message);
}
