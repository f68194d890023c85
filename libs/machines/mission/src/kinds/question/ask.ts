/** Asks questions to people, and finds them. */
import { QuestionKind } from "@tutti/contracts/swarm/v1";
import { Verdict } from "@tutti/contracts/types/v1";
import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { encodeJson, messageLengthMax, noBytes, ruleReason, truncate } from "@tutti/machine-work";
import type { MissionEventStep, MissionView } from "../../core/state/state.ts";
import { questionAsked } from "./events.ts";

export interface NewQuestion {
  readonly kind: QuestionKind;
  readonly subject: string;
  readonly title: string;
  readonly message: string;
  readonly context?: Json;
  readonly form?: Json;
  /** The rule that asks, and those that ask after it. */
  readonly rule?: ReadOnly<ResultQuestion>;
  readonly next?: ReadOnly<ResultQuestion[]>;
}

const titleLengthMax = 200;

/** Returns the number of the question. */
export function askQuestion(mission: MissionView, step: MissionEventStep, question: NewQuestion): number {
  const { kind, subject, title, message, context, form, rule, next = [] } = question;
  const timeoutMs = rule?.timeoutMs ?? 0;
  const number = mission.questionNumber + 1;
  step.emit(questionAsked, {
    question: {
      number,
      kind,
      subject,
      title: truncate(title, 500),
      message: truncate(message, messageLengthMax),
      context: context === undefined ? noBytes : encodeJson(context),
      form: form === undefined ? "" : JSON.stringify(form),
      requestMs: step.nowMs,
      decisions: [],
      verdict: Verdict.VERDICT_UNSPECIFIED,
      rule: rule && copied(rule),
      next: next.map(copied),
      expireMs: timeoutMs > 0 ? step.nowMs + timeoutMs : 0,
    },
  });
  return number;
}

/** Asks the first question of the rules about an output. */
export function askRuleQuestions(
  mission: MissionView,
  step: MissionEventStep,
  about: { readonly task: string; readonly agent: string; readonly questions: ReadOnly<ResultQuestion[]> },
): number {
  const { task, agent } = about;
  const [rule, ...next] = about.questions;
  if (rule === undefined) throw new RangeError(`expected a question about ${task}, got none`);
  return askQuestion(mission, step, {
    kind: QuestionKind.QUESTION_KIND_RULE,
    subject: task,
    rule,
    next,
    title: truncate(rule.message, titleLengthMax),
    message: `${rule.message}\n\n${ruleReason(rule, task, agent)}`,
  });
}

function copied(question: ReadOnly<ResultQuestion>): ResultQuestion {
  return { ...question, deciders: [...question.deciders] };
}

export function approvalIdOf(number: number): string {
  return `q${number}`;
}

/** Returns the open question about the same subject. */
export function openQuestion({ questions, openQuestions }: MissionView, kind: QuestionKind, subject: string) {
  if (openQuestions === 0) return undefined;
  for (const question of questions.values())
    if (
      question.verdict === Verdict.VERDICT_UNSPECIFIED &&
      question.kind === kind &&
      question.subject === subject
    )
      return question;
  return undefined;
}
