/** Questions to people. Everybody counts once; one no is enough. */
import type { Json } from "@tutti/expressions";
import type { Evaluated } from "./names.ts";
import type { PlainQuestion, PlainTask } from "./plain-task.ts";

/** @param output what counts when they say yes; undefined where that is what they say */
export function questionOf(output: Json | undefined): PlainQuestion {
  return { output, said: new Map(), yes: new Set(), isOpen: true };
}

/** Of a check anybody may say; a definition may name who. */
export function mayAnswer({ document }: PlainTask, who: string): boolean {
  const by = document.approve?.by ?? [];
  return by.length === 0 || by.includes(who);
}

/** Undefined while others have to say something too. */
export function answerQuestion(
  { document, question }: PlainTask,
  who: string,
  says: "yes" | "no",
): Evaluated | undefined {
  if (question === undefined || question.said.get(who) === says) return undefined;
  question.said.set(who, says);
  if (says === "no") return { fails: "workflow.approval_rejected" };
  question.yes.add(who);
  if (question.yes.size < (document.approve?.needed ?? 1)) return undefined;
  if (question.output !== undefined) return { value: question.output };
  return { value: { verdict: "approved", by: [...question.yes], comment: "", data: null } };
}
