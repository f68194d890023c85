/** Questions to people: open questions, allowed deciders, and their messages. */
import {
  type Approval,
  type ApprovalClaim,
  type ApprovalDecision,
  type Payload,
  Verdict,
} from "@tutti/contracts/types/v1";
import type { RunClaim, RunQuestion } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { asPayload, bytesOf, dataOf, encodeJson, isDone } from "@tutti/machine-work";
import { findNode, taskIdIn } from "../../core/state/places.ts";
import type { NodeView, Run, RunView } from "../../core/state/state.ts";
import { momentOf } from "../../core/state/times.ts";
import { placeOfQuestion } from "./ask.ts";
import { isOpen } from "./open.ts";
import { decidersOf, excludedFrom, termsOf } from "./seats.ts";

/** Returns the task of a question, by the id of the question, or by the id of the task. */
export function questionNode(run: RunView, approvalId: string): NodeView | undefined {
  const number = Number(/\.\.(\d+)(?:\.\d+){2,3}(?:-\d+)?$/.exec(approvalId)?.[1] ?? -1);
  const hasQuestion = (node: NodeView | undefined) => {
    const present = node?.more?.question?.approvalId;
    return present !== undefined && (present === approvalId || isBefore(approvalId, present));
  };
  const named = run.nodes[number];
  if (hasQuestion(named)) return named;
  const found = run.nodes[findNode(run, approvalId) ?? -1];
  if (found?.more?.question !== undefined) return found;
  // The number of a task changes when its run moves to another version.
  return number < 0 ? undefined : run.nodes.find(hasQuestion);
}

/** Returns whether a question is about the same output as another one, and precedes it: it was approved. */
export function isBefore(approvalId: string, present: string): boolean {
  const one = placeOfQuestion(approvalId);
  const other = placeOfQuestion(present);
  return one.first === other.first && one.place < other.place;
}

export function verdictOf({ status, more }: NodeView): Verdict {
  const verdict = more?.question?.verdict ?? Verdict.VERDICT_UNSPECIFIED;
  if (verdict !== Verdict.VERDICT_UNSPECIFIED) return verdict;
  return isDone(status) ? Verdict.VERDICT_WITHDRAWN : verdict;
}

export interface ApprovalsPage {
  readonly approvals: readonly Approval[];
  /** Number of the node of the next page; -1 at the end. */
  readonly next: number;
}

/** Nodes that one reply reads. */
const scannedMax = 20_000;

/** Returns all questions of a run, in the order of their tasks. */
export const showApprovals: Query<Run, { readonly from: number; readonly size: number }, ApprovalsPage> = {
  type: "approvals",
  answer(run, { from, size }) {
    const approvals: Approval[] = [];
    const until = Math.min(run.nodes.length, from + scannedMax);
    for (let number = Math.max(0, from); number < until; number++) {
      const node = run.nodes[number];
      if (node?.more?.question === undefined) continue;
      if (approvals.length >= size) return { approvals, next: number };
      approvals.push(approvalMessage(run, node, node.more.question));
    }
    return { approvals, next: until < run.nodes.length ? until : -1 };
  },
};

function claimMessage(claim: ReadOnly<RunClaim> | undefined): ApprovalClaim | undefined {
  if (claim === undefined) return undefined;
  const { person, claimMs, expireMs } = claim;
  return { person, claimTime: momentOf(claimMs), expireTime: momentOf(expireMs) };
}

function approvalMessage(run: RunView, node: NodeView, question: ReadOnly<RunQuestion>): Approval {
  const { needed, form } = termsOf(node);
  const { approvalId, title, message, context, output, check, requestMs, expireMs, decisions } = question;
  const { namespace, id } = run.key;
  // A question about an output shows the output.
  const isOfOutput = check !== "" || question.rule !== undefined;
  const shown = isOfOutput
    ? dataOf(bytesOf(output), question.outputPayload as Payload)
    : dataOf(context, undefined);
  return {
    approvalId,
    about: { namespace, kind: "run", id, task: taskIdIn(run, node.range, node.number) },
    title,
    message,
    context: asPayload(shown),
    form: form === null ? "" : new TextDecoder().decode(encodeJson(form)),
    deciders: decidersOf(node),
    approvalsNeeded: needed,
    requestTime: momentOf(requestMs),
    expireTime: momentOf(expireMs),
    decisions: decisions.map((decision) => ({ ...(decision as ApprovalDecision) })),
    verdict: verdictOf(node),
    claim: isOpen(node) ? claimMessage(question.claim) : undefined,
    delegations: question.delegations.map(({ person, people, delegateMs, reason }) => ({
      person,
      people: [...people],
      delegateTime: momentOf(delegateMs),
      reason,
    })),
    excluded: excludedFrom(node),
    inboxTask: undefined,
  };
}
