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
  return { output, rule, next, answers: new Map(), approvers: new Set(), isOpen: true };
}

/** Any person may answer a check. A definition or a rule may name the people. */
export function mayAnswer({ document, question }: PlainTask, person: string): boolean {
  const by = question?.rule?.by ?? document.approve?.by ?? [];
  return by.length === 0 || by.includes(person);
}

/** Records an answer. Undefined while further answers are needed. */
export function answerQuestion(
  task: PlainTask,
  { person, verdict, data = null }: Decision,
): Evaluated | undefined {
  const { document, question } = task;
  if (question === undefined || question.answers.get(person) === verdict) return undefined;
  question.answers.set(person, verdict);
  if (verdict === "no") return { fails: "workflow.approval_rejected" };
  question.approvers.add(person);
  if (question.approvers.size < (question.rule?.needed ?? document.approve?.needed ?? 1)) return undefined;
  const [rule, ...next] = question.next;
  if (rule !== undefined) {
    task.question = questionOf(question.output, rule, next);
    return undefined;
  }
  if (question.output !== undefined) return { value: question.output };
  return {
    value: {
      verdict: "approved",
      by: [...question.approvers],
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
  const fields = data === null && type === "object" ? {} : data;
  if (!isObject(fields)) return type === undefined ? fields : undefined;
  const filled: Record<string, Json> = { ...fields };
  for (const [name, field] of Object.entries(properties)) {
    if (filled[name] === undefined && field.default !== undefined) filled[name] = field.default;
    if (filled[name] !== undefined && field.type === "number" && typeof filled[name] !== "number")
      return undefined;
  }
  return required.every((name) => filled[name] !== undefined) ? filled : undefined;
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
