/**
 * Steps of durable functions as text. Agents record their steps under fixed names: the tools, each answer of a
 * model, and the usage. Their position in the code belongs to the platform and is not useful.
 */
import { counted } from "@tutti/kernel/words";
import { number, parsed, record, text } from "./values.ts";

const set = "FUNCTION_ENTRY_KIND_SET";
const undo = "FUNCTION_ENTRY_KIND_UNDO";
/** Steps in which an agent records the answers of its models. */
export const answerSteps = /^(model|summary)(-\d+)*(\.try-\d+)?$/;
export const toolSteps = /^tools(-\d+)*(\.try-\d+)?$/;
const answerLengthMax = 80;
const usdMin = 0.000001;

export function stepText(recorded: unknown): string {
  const entry = record(recorded);
  const [id, at, kind] = [text(entry["id"]), text(entry["at"]), text(entry["kind"])];
  const failure = errorText(entry["error"]);
  const value = parsed(entry["json"]);
  if (kind === set) return usageStepText(id, value) ?? `set \`${id}\`${place(at)}`;
  if (kind === undo) return `registered the compensation ${id}${place(at)}`;
  if (failure !== "") return `failed in step ${id}: ${failure}`;
  return agentText(id, value) ?? `completed step ${id}${place(at)}`;
}

export function errorText(error: unknown): string {
  const { code, message } = record(error);
  return text(message) || text(code);
}

function agentText(id: string, value: unknown): string | undefined {
  if (toolSteps.test(id) && Array.isArray(value)) {
    const found = value.map((tool) => text(record(tool)["target"]));
    if (found.every((target) => target !== ""))
      return found.length === 0
        ? "has no tools"
        : `has ${counted(found.length, "tool")}: ${found.join(", ")}`;
  }
  const { parts } = record(value);
  if (!answerSteps.test(id) || !Array.isArray(parts)) return undefined;
  const message = parts.map((part) => text(record(part)["text"])).join("");
  const calls = parts.map((part) => record(record(part)["call"])).filter((call) => "name" in call);
  const tools = calls.map(({ name, input }) => `${text(name)} ${JSON.stringify(input ?? {})}`);
  const content = tools.length > 0 ? `calls ${shortened(tools.join(", "))}` : `"${shortened(message)}"`;
  return `${id.startsWith("summary") ? "summarized" : "answered"}: ${content}`;
}

function usageStepText(id: string, value: unknown): string | undefined {
  const used = record(value);
  if (id !== "usage" || typeof used["answers"] !== "number") return undefined;
  return `has used ${usageText({
    answers: used["answers"],
    tokens: number(used["inputTokens"]) + number(used["outputTokens"]),
    usd: number(used["usd"]),
  })}`;
}

/** Returns the usage of an agent: `3 answers, 45 tokens, $0.0003`. */
export function usageText({
  answers = 0,
  tokens,
  usd,
}: {
  readonly answers?: number;
  readonly tokens: number;
  readonly usd: number;
}): string {
  return [
    ...(answers > 0 ? [counted(answers, "answer")] : []),
    ...(tokens > 0 ? [counted(tokens, "token")] : []),
    ...(usd >= usdMin ? [`$${usd >= 0.01 ? usd.toFixed(2) : usd.toFixed(6).replace(/0+$/, "")}`] : []),
  ].join(", ");
}

const place = (at: string): string => (at === "" ? "" : ` (${at})`);

const shortened = (message: string): string =>
  message.length > answerLengthMax ? `${message.slice(0, answerLengthMax)}…` : message;
