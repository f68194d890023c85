/** Asks people about outputs: if checks of a task failed, or if rules require it. */
import { type Payload, TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import {
  bytesOf,
  type Data,
  dataOf,
  messageLengthMax,
  noBytes,
  payloadOf,
  ruleReason,
  truncate,
} from "@tutti/machine-work";
import type { AttemptReport } from "../../core/attempt/outcome.ts";
import { idOf, type Place } from "../../core/node/task-kind.ts";
import { approvalAsked } from "./events.ts";

const nameLengthMax = 150;
const titleLengthMax = 200;

/**
 * Asks people whether an output counts although checks of the task failed. @param next questions that rules
 * ask after that
 */
export function askAboutOutput(
  place: Place,
  checks: readonly string[],
  output: Data | undefined,
  { agent = "", used, questions: next = [] }: AttemptReport,
): void {
  const names = checks.join(", ");
  const { step, number } = place;
  step.emit(approvalAsked, {
    node: number,
    approvalId: approvalIdOf(place),
    title: `Is the output of ${idOf(place)} good enough?`,
    message: `It does not satisfy: ${names}.`,
    context: noBytes,
    requestMs: step.nowMs,
    expireMs: 0,
    check: names,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    agent,
    used,
    excluded: "",
    rule: undefined,
    next: next.map(copied),
  });
}

/** Asks the first question of the rules about an output. @param before the last decided question about it */
export function askRuleQuestions(
  place: Place,
  [rule, ...next]: ReadOnly<ResultQuestion[]>,
  output: Data | undefined,
  { agent = "", used, before }: AttemptReport & { readonly before?: string },
): void {
  if (rule === undefined) return;
  const { run, step, number } = place;
  const by = agent || run.nodes[number]?.agent || "";
  const { message, timeoutMs } = rule;
  step.emit(approvalAsked, {
    node: number,
    approvalId: before === undefined ? approvalIdOf(place) : idAfter(before),
    title: truncate(message, titleLengthMax),
    message: truncate(`${message}\n\n${ruleReason(rule, idOf(place), by)}`, messageLengthMax),
    context: noBytes,
    requestMs: step.nowMs,
    expireMs: timeoutMs > 0 ? step.nowMs + timeoutMs : 0,
    check: "",
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    agent,
    used,
    excluded: "",
    rule: copied(rule),
    next: next.map(copied),
  });
}

/** Asks the next question about an output if the one before is approved: after that decision, or after a reset to it. */
export function askNextQuestion(place: Place): void {
  const { status, more } = place.run.nodes[place.number] ?? {};
  const question = more?.question;
  if (status !== TaskStatus.TASK_STATUS_WAITING || question?.verdict !== Verdict.VERDICT_APPROVED) return;
  const output = dataOf(question.output as Uint8Array, question.outputPayload as Payload | undefined);
  askRuleQuestions(place, question.next, output, { before: question.approvalId });
}

function copied(question: ReadOnly<ResultQuestion>): ResultQuestion {
  return { ...question, deciders: [...question.deciders] };
}

/**
 * Returns a readable id that is unique for each question: `sure..3.1.0`, with the number of the node, its
 * starts, and the resets of the run.
 */
export function approvalIdOf(place: Place, isStarted = true): string {
  const { run, number } = place;
  const node = run.nodes[number];
  const visit = (node?.visit ?? 0) + (isStarted ? 0 : 1);
  const name = idOf(place).replaceAll("[", ".").replaceAll("]", "").replaceAll("#", ".");
  const { resets = 0 } = run.more ?? {};
  const suffix = resets === 0 ? "" : `.${resets}`;
  return `${name.slice(0, nameLengthMax)}..${number}.${visit}.${node?.attempt ?? 0}${suffix}`;
}

/** Returns the id of the next question about the same output: `sure..3.1.0-2`. */
function idAfter(approvalId: string): string {
  const { first, place } = placeOfQuestion(approvalId);
  return `${first}-${place + 1}`;
}

/** Returns the first question about an output, and the position of this one among all about it, from 1. */
export function placeOfQuestion(approvalId: string): { readonly first: string; readonly place: number } {
  const [, first = approvalId, place = "1"] = /^(.*)-(\d+)$/.exec(approvalId) ?? [];
  return { first, place: Number(place) };
}
