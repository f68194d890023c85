/** Decisions of people. */
import { ActorKind, type ApprovalDecision, Payload, Verdict } from "@tutti/contracts/types/v1";
import {
  ApprovalAnswered,
  ApprovalFreed,
  ApprovalGiven,
  ApprovalTaken,
  ClaimApproval,
  DecideApproval,
  DelegateApproval,
  ReleaseApproval,
} from "@tutti/contracts/workflow/v1";
import { validateAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { isRefusal, type ReadOnly, type Refusal, toTimestamp } from "@tutti/kernel";
import {
  bytesOf,
  dataOf,
  dataOfPayload,
  detailOfRefusal,
  encodeJson,
  noBytes,
  parsed,
  reasonLengthMax,
  StepBudget,
  truncate,
  UnreadableData,
} from "@tutti/machine-work";
import { placeOf } from "../../core/node/task-kind.ts";
import { behaviours } from "../../core/state/behaviours.ts";
import { taskIdIn } from "../../core/state/places.ts";
import type { NodeView, RunCommand, RunStep, RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { askNextQuestion } from "../../kinds/approve/ask.ts";
import {
  approvalClaimed,
  approvalDecided,
  approvalDelegated,
  approvalReleased,
} from "../../kinds/approve/events.ts";
import { isAskedByCode, isOpen } from "../../kinds/approve/open.ts";
import { isBefore, questionNode, verdictOf } from "../../kinds/approve/questions.ts";
import { delegationRefusal, seatFor, termsOf } from "../../kinds/approve/seats.ts";
import { advance } from "../advance/advance.ts";
import { problemText } from "../entry/entries.ts";

const { VERDICT_APPROVED: approved, VERDICT_REJECTED: rejected, VERDICT_UNSPECIFIED: open } = Verdict;

const decisionsMax = 1_000;

/** A repetition of the same decision by the same person changes nothing. Other data replace the earlier data. */
export const decideApproval: RunCommand<DecideApproval, ApprovalAnswered> = {
  type: "decide_approval",
  codec: DecideApproval,
  reply: ApprovalAnswered,
  decide(run, body, step) {
    const { approvalId: id, verdict } = body;
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    if (verdict !== approved && verdict !== rejected)
      return runErrors.approvalInvalid.refusal({ problem: "expected yes or no, got neither" });
    const caller = step.cause.actor?.id || body.roles[0] || "";
    const question = node.more?.question;
    // Rules ask in sequence: a repeated approval belongs to the question that was approved meanwhile.
    if (question !== undefined && isBefore(id, question.approvalId))
      return verdict === approved
        ? { verdict: approved }
        : runErrors.approvalClosed.refusal({ id, verdict: verdictNames[approved] ?? "" });
    const decision = question?.decisions.findLast(({ cause }) => cause?.actor?.id === caller);
    const isRepeated = decision?.verdict === verdict && (!isOpen(node) || hasData(decision, body));
    if (isRepeated) return { verdict: verdictOf(node) };
    if (!isOpen(node))
      return runErrors.approvalClosed.refusal({ id, verdict: verdictNames[verdictOf(node)] ?? "closed" });
    const seat = seatFor(node, caller, body.roles);
    if (isRefusal(seat)) return seat;
    if ((question?.decisions.length ?? 0) >= decisionsMax)
      return runErrors.approvalInvalid.refusal({
        problem: `A question takes at most ${decisionsMax} decisions`,
      });
    const data = formData(node, body);
    if (isRefusal(data)) return data;
    const onBehalfOf = seat === caller ? "" : seat;
    decide(run, node, step, { ...decisionOf(body, caller, step), onBehalfOf }, data.value);
    return { verdict: verdictOf(run.nodes[node.number] ?? node) };
  },
};

/**
 * Claims a question for one person, so that no other person works on it. Questions that need several answers
 * cannot be claimed, because each of their deciders must answer.
 */
export const claimApproval: RunCommand<ClaimApproval, ApprovalTaken> = {
  type: "claim_approval",
  codec: ClaimApproval,
  reply: ApprovalTaken,
  decide(run, { approvalId: id, roles }, step) {
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    if (!isOpen(node))
      return runErrors.approvalClosed.refusal({ id, verdict: verdictNames[verdictOf(node)] ?? "closed" });
    const caller = step.cause.actor?.id || roles[0] || "";
    const seat = seatFor(node, caller, roles);
    if (isRefusal(seat)) return seat;
    const { needed, claimMs } = termsOf(node);
    if (needed > 1) return runErrors.approvalShared.refusal({ id, needed });
    const before = node.more?.question?.claim;
    if (before !== undefined) return { expireMs: before.expireMs };
    if (step.behaviour < behaviours.claimsApprovals) return runErrors.approvalClaimsLater.refusal({ id });
    const expireMs = claimMs > 0 ? step.nowMs + claimMs : 0;
    step.emit(approvalClaimed, {
      node: node.number,
      claim: { person: caller, claimMs: step.nowMs, expireMs },
    });
    return { expireMs };
  },
};

/**
 * Releases a question. The caller states whose claim ends, so that a claim of another person is never ended
 * by mistake.
 */
export const releaseApproval: RunCommand<ReleaseApproval, ApprovalFreed> = {
  type: "release_approval",
  codec: ReleaseApproval,
  reply: ApprovalFreed,
  decide(run, { approvalId: id, person }, step) {
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    const claim = isOpen(node) ? node.more?.question?.claim : undefined;
    if (claim === undefined) return { released: false };
    const { person: claimant } = claim;
    if (claimant !== (person || step.cause.actor?.id))
      return runErrors.approvalClaimed.refusal({ id, person: claimant });
    step.emit(approvalReleased, { node: node.number, person: claimant });
    return { released: true };
  },
};

/** Delegates the answer of a decider to other people. A repetition changes nothing. */
export const delegateApproval: RunCommand<DelegateApproval, ApprovalGiven> = {
  type: "delegate_approval",
  codec: DelegateApproval,
  reply: ApprovalGiven,
  decide(run, { approvalId: id, people, roles, reason }, step) {
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    if (!isOpen(node))
      return runErrors.approvalClosed.refusal({ id, verdict: verdictNames[verdictOf(node)] ?? "closed" });
    const caller = step.cause.actor?.id || roles[0] || "";
    const seat = seatFor(node, caller, roles);
    if (isRefusal(seat)) {
      const before = node.more?.question?.delegations.findLast(({ person }) => person === caller);
      const isSame = before !== undefined && before.people.join("\n") === people.join("\n");
      return isSame && seat.code === "workflow.approval_delegated" ? {} : seat;
    }
    const refused = delegationRefusal(node, { decider: caller, seat, people });
    if (refused !== undefined) return refused;
    if (step.behaviour < behaviours.claimsApprovals) return runErrors.approvalClaimsLater.refusal({ id });
    step.emit(approvalDelegated, {
      node: node.number,
      delegation: {
        person: caller,
        people,
        seat,
        delegateMs: step.nowMs,
        reason: truncate(reason, reasonLengthMax),
      },
    });
    return {};
  },
};

/** Returns whether a decision has the data of a repetition. A repetition without data changes none. */
function hasData({ data }: ReadOnly<ApprovalDecision>, repeated: DecideApproval): boolean {
  if (repeated.data === undefined) return true;
  const before = data === undefined ? noBytes : Payload.encode(data as Payload).finish();
  return Buffer.compare(before, Payload.encode(repeated.data).finish()) === 0;
}

function questionOf(run: RunView, id: string, step: RunStep): NodeView | Refusal {
  if (run.order === undefined) return runErrors.runMissing.refusal({ id: step.key.id });
  return questionNode(run, id) ?? runErrors.approvalMissing.refusal({ id, run: step.key.id });
}

const verdictNames: Partial<Record<Verdict, string>> = {
  [Verdict.VERDICT_APPROVED]: "approved",
  [Verdict.VERDICT_REJECTED]: "rejected",
  [Verdict.VERDICT_EXPIRED]: "expired",
  [Verdict.VERDICT_WITHDRAWN]: "withdrawn",
};

function decisionOf(
  { verdict, data, reason }: DecideApproval,
  caller: string,
  step: RunStep,
): Omit<ApprovalDecision, "onBehalfOf"> {
  const actor = step.cause.actor ?? { kind: ActorKind.ACTOR_KIND_PERSON, id: caller };
  const cause = { ...step.cause, actor: { ...actor }, reason: truncate(reason, reasonLengthMax) };
  return { verdict, data, cause, decideTime: toTimestamp(step.nowMs) };
}

/** Validates the data of a decision against the form. */
function formData(node: NodeView, { data, verdict }: DecideApproval): { readonly value: Json } | Refusal {
  const { form } = termsOf(node);
  try {
    const content = parsed(dataOfPayload(data)) as Json;
    // A decision without data has left every field empty: that is enough for a form that requires none.
    const value = content === null && hasRequiredFields(form) ? {} : content;
    if (form === null || verdict === rejected) return { value };
    const validated = validateAgainst(form as Json, value);
    const [first] = validated.violations;
    if (first === undefined) return { value: validated.value };
    return runErrors.approvalInvalid.refusal({ problem: problemText(first, "the data") });
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return runErrors.approvalInvalid.refusal({ problem: `expected JSON, got ${error.message}` });
  }
}

function hasRequiredFields(form: unknown): boolean {
  return typeof form === "object" && form !== null && (form as { readonly type?: unknown }).type === "object";
}

function decide(run: RunView, node: NodeView, step: RunStep, decision: ApprovalDecision, data: Json): void {
  const question = node.more?.question;
  if (question === undefined) return;
  const approvers = approversOf(question.decisions, decision);
  const { needed } = termsOf(node);
  const task = taskIdIn(run, node.range, node.number);
  const isLast = decision.verdict === rejected || approvers.length >= needed;
  const comment = decision.cause?.reason ?? "";
  const by = decision.cause?.actor?.id ?? "";
  const result = { verdict: "approved", by: approvers, comment, data };
  const isApproved = isLast && decision.verdict === approved;
  const isOfOutput = question.check !== "" || question.rule !== undefined;
  const heldOutput = dataOf(question.output as Uint8Array, question.outputPayload as Payload | undefined);
  const output = isOfOutput ? bytesOf(heldOutput) : encodeJson(result);
  const isCall = isAskedByCode(run, node.range);
  const rejection = { task, by, reason: comment, isCall };
  step.emit(approvalDecided, {
    node: node.number,
    decision,
    verdict: isLast ? decision.verdict : open,
    output: isApproved ? output : noBytes,
    error:
      decision.verdict === rejected
        ? detailOfRefusal(runErrors.approvalRejected.refusal(rejection, { details: { by, reason: comment } }))
        : undefined,
    decideMs: step.nowMs,
  });
  askNextQuestion(placeOf(run, node.number, step, new StepBudget()));
  advance(run, step);
}

/** Returns the deciders that have approved. Each counts once, even if several delegates have answered. */
function approversOf(before: ReadOnly<ApprovalDecision[]>, now: ApprovalDecision): string[] {
  const bySeat = new Map<string, string>();
  for (const { verdict, cause, onBehalfOf } of [...before, now]) {
    const approver = cause?.actor?.id ?? "";
    const seat = onBehalfOf || approver;
    if (verdict === approved && !bySeat.has(seat)) bySeat.set(seat, approver);
  }
  return [...bySeat.values()];
}
