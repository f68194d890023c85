/** Questions to people. Each person counts once. One rejection is enough. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Act } from "./moments.ts";
import type { Evaluated } from "./names.ts";
import type { PlainQuestion, PlainTask } from "./plain-task.ts";
import type { PlainRule } from "./script.ts";

export type Decision = Omit<Act & { readonly kind: "decide" }, "kind" | "taskId">;

/**
 * @param output the output after an approval. Undefined if the answer is the output
 * @param rule the rule that asks. Undefined if a definition asks
 * @param next rules that ask about the same output after that
 */
export function questionOf(
  output: Json | undefined,
  rule?: PlainRule,
  next: readonly PlainRule[] = [],
): PlainQuestion {
  return { output, rule, next, said: new Map(), yes: new Set(), isOpen: true };
}

/** Any person may answer a check. A definition or a rule may name the people. */
export function mayAnswer({ document, question }: PlainTask, who: string): boolean {
  const by = question?.rule?.by ?? document.approve?.by ?? [];
  return by.length === 0 || by.includes(who);
}

/** Records an answer. Undefined while further answers are needed. */
export function answerQuestion(task: PlainTask, { who, says, data = null }: Decision): Evaluated | undefined {
  const { document, question } = task;
  if (question === undefined || question.said.get(who) === says) return undefined;
  question.said.set(who, says);
  if (says === "no") return { fails: "workflow.approval_rejected" };
  question.yes.add(who);
  if (question.yes.size < (question.rule?.needed ?? document.approve?.needed ?? 1)) return undefined;
  const [rule, ...next] = question.next;
  if (rule !== undefined) {
    task.question = questionOf(question.output, rule, next);
    return undefined;
  }
  if (question.output !== undefined) return { value: question.output };
  return {
    value: {
      verdict: "approved",
      by: [...question.yes],
      comment: "",
      data: filledIn(document, data) ?? null,
    },
  };
}

/**
 * Returns the data with defaults. Undefined if the form rejects it. Absent data counts as a form with empty
 * fields.
 */
export function filledIn({ approve }: TaskDocument, data: Json): Json | undefined {
  const { type, properties = {}, required = [] } = (approve?.form ?? {}) as Form;
  const given = data === null && type === "object" ? {} : data;
  if (!isObject(given)) return type === undefined ? given : undefined;
  const filled: Record<string, Json> = { ...given };
  for (const [name, field] of Object.entries(properties)) {
    if (filled[name] === undefined && field.default !== undefined) filled[name] = field.default;
    if (filled[name] !== undefined && field.type === "number" && typeof filled[name] !== "number")
      return undefined;
  }
  return required.every((name) => given[name] !== undefined) ? filled : undefined;
}

/** Fields of drawn forms. */
interface Form {
  readonly type?: "object";
  readonly properties?: Readonly<Record<string, { readonly type?: "number"; readonly default?: Json }>>;
  readonly required?: readonly string[];
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
