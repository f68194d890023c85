/** Questions to people: asked, and found again. */
import type { QuestionKind } from "@tutti/contracts/swarm/v1";
import { Verdict } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import { cut, encodeJson, noBytes } from "@tutti/machine-run/siblings";
import { messageLengthMax } from "../limits.ts";
import type { MissionEventStep, MissionView } from "../state.ts";
import { questionAsked } from "./events.ts";

export interface Asked {
  readonly kind: QuestionKind;
  readonly subject: string;
  readonly title: string;
  readonly message: string;
  readonly context?: Json;
  readonly form?: Json;
}

/** Gives the number of the question. */
export function ask(mission: MissionView, step: MissionEventStep, asked: Asked): number {
  const { kind, subject, title, message, context, form } = asked;
  const number = mission.questionNumber + 1;
  step.emit(questionAsked, {
    question: {
      ...{ number, kind, subject, title: cut(title, 500), message: cut(message, messageLengthMax) },
      context: context === undefined ? noBytes : encodeJson(context),
      form: form === undefined ? "" : JSON.stringify(form),
      ...{ requestMs: step.nowMs, decisions: [], verdict: Verdict.VERDICT_UNSPECIFIED },
    },
  });
  return number;
}

export function approvalIdOf(number: number): string {
  return `q${number}`;
}

/** One that is open, about the same. */
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
