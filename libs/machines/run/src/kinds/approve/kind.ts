/** Asks people, and continues according to their decision. */

import { Verdict, WaitCause } from "@tutti/contracts/types/v1";
import { textOfJson } from "@tutti/expressions";
import { detailOfRefusal, messageLengthMax, noBytes, truncate } from "@tutti/machine-work";
import { failForGood } from "../../core/attempt/outcome.ts";
import { evaluate, evaluateInFull } from "../../core/evaluate/evaluate.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import type { NodeView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { approvalIdOf } from "./ask.ts";
import { approvalAsked, approvalDecided, approvalReleased } from "./events.ts";
import { isAskedByCode, isOpen } from "./open.ts";
import { decidersOf, excludedFrom, termsOf } from "./seats.ts";

export const approve: TaskKind = {
  start(place) {
    const { step, number, range, task, budget } = place;
    const work = range.plan.work(task);
    if (work.kind !== "approve") return;
    const title = textOf(place, work.title, "`title`", task.title || task.id);
    const message = title === undefined ? undefined : textOf(place, work.message, "`message`", "");
    if (title === undefined || message === undefined) return;
    const excluded = textOf(place, work.exclude ?? -1, "`exclude`", "");
    if (excluded === undefined) return;
    const context =
      work.context < 0
        ? ({ ok: true, bytes: noBytes } as const)
        : evaluateInFull(sceneOf(place), work.context, `\`context\` of ${idOf(place)}`);
    if (!context.ok) {
      failForGood(place, context.error);
      return;
    }
    budget.spend(context.bytes.length);
    step.emit(approvalAsked, {
      node: number,
      approvalId: approvalIdOf(place, false),
      title,
      message,
      context: context.bytes,
      requestMs: step.nowMs,
      expireMs: work.withinMs > 0 ? step.nowMs + work.withinMs : 0,
      check: "",
      output: noBytes,
      outputPayload: undefined,
      agent: "",
      used: undefined,
      excluded,
      rule: undefined,
      next: [],
    });
  },

  explain: (_, node) => explainQuestion(node),
};

/** Handles a missing decision, for any kind of task: the question expires, or only its claim ends. */
export function expireApproval(place: Place): void {
  const { run, step, number } = place;
  const question = run.nodes[number]?.more?.question;
  if (question === undefined) return;
  const { claim, expireMs } = question;
  if (claim !== undefined && claim.expireMs > 0 && (expireMs === 0 || claim.expireMs < expireMs)) {
    step.emit(approvalReleased, { node: number, person: claim.person });
    return;
  }
  const withinMs = question.expireMs - question.requestMs;
  const isCall = isAskedByCode(run, place.range);
  const refusal = runErrors.approvalExpired.refusal({ task: idOf(place), withinMs, isCall });
  step.emit(approvalDecided, {
    node: number,
    decision: undefined,
    verdict: Verdict.VERDICT_EXPIRED,
    output: noBytes,
    error: detailOfRefusal(refusal),
    decideMs: step.nowMs,
  });
}

/** Explains why a task with an open question waits, for every kind. */
export function explainQuestion(node: NodeView) {
  const question = node.more?.question;
  if (question === undefined || !isOpen(node)) return undefined;
  const { needed } = termsOf(node);
  const seats = new Set(question.decisions.map(({ onBehalfOf, cause }) => onBehalfOf || cause?.actor?.id));
  const progress = seats.size === 0 ? "" : `, ${seats.size} of ${needed} have approved`;
  const by = decidersOf(node);
  const able = ableDeciders(node);
  const none = by.length === 0 ? "a person" : `${by.join(", ")} (excluded)`;
  const any = able.length === 0 ? none : able.join(", ");
  const decider = question.claim === undefined ? any : `${question.claim.person}, who has claimed it,`;
  const ruleNote = question.rule === undefined ? "" : `, as the rule ${question.rule.rule} wants`;
  return {
    cause: WaitCause.WAIT_CAUSE_APPROVAL,
    message: `it waits for ${decider} to decide${ruleNote}: ${question.title}${progress}`,
    subject: question.approvalId,
  };
}

/** Returns the names of the possible deciders. Empty if any person may decide, or all are excluded. */
export function ableDeciders(node: NodeView): string[] {
  const excluded = excludedFrom(node);
  return decidersOf(node).filter(
    (name) => !excluded.some((person) => name === person || name === `person:${person}`),
  );
}

/** Returns the text. Undefined if its evaluation has failed the task. */
function textOf(place: Place, program: number, field: string, otherwise: string): string | undefined {
  if (program < 0) return otherwise;
  const result = evaluate(sceneOf(place), program, `${field} of ${idOf(place)}`);
  if (!result.ok) {
    failForGood(place, result.error);
    return undefined;
  }
  return truncate(textOfJson(result.value), messageLengthMax);
}
