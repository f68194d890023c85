/** People decide. */
import { ActorKind, type ApprovalDecision, type Payload, Verdict } from "@tutti/contracts/types/v1";
import {
  ApprovalAnswered,
  ApprovalFreed,
  ApprovalTaken,
  ClaimApproval,
  DecideApproval,
  ReleaseApproval,
} from "@tutti/contracts/workflow/v1";
import { holdAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { isRefusal, type ReadOnly, type Refusal, toTimestamp } from "@tutti/kernel";
import {
  bytesOf,
  cut,
  dataOf,
  dataOfPayload,
  detailOfRefusal,
  encodeJson,
  noBytes,
  parsed,
  reasonLengthMax,
  StepBudget,
  UnreadableData,
} from "@tutti/machine-work";
import { placeOf } from "../../core/node/task-kind.ts";
import { behaviours } from "../../core/state/behaviours.ts";
import { taskIdIn } from "../../core/state/places.ts";
import type { NodeView, RunCommand, RunStep, RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { askNextQuestion } from "../../kinds/approve/ask.ts";
import { approvalClaimed, approvalDecided, approvalReleased } from "../../kinds/approve/events.ts";
import { isOpen } from "../../kinds/approve/open.ts";
import { askingNode, howOpen, isBefore, termsOf } from "../../kinds/approve/questions.ts";
import { advance } from "../advance/advance.ts";

const { VERDICT_APPROVED: approved, VERDICT_REJECTED: rejected, VERDICT_UNSPECIFIED: open } = Verdict;

/** The same decision of the same person again changes nothing. */
export const decideApproval: RunCommand<DecideApproval, ApprovalAnswered> = {
  type: "decide_approval",
  codec: DecideApproval,
  reply: ApprovalAnswered,
  decide(run, body, step) {
    const { approvalId: id, verdict } = body;
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    if (verdict !== approved && verdict !== rejected)
      return runErrors.approvalInvalid.refusal({ problem: "expected yes or no, found neither" });
    const who = step.cause.actor?.id || body.roles[0] || "";
    const question = node.more?.question;
    // Rules ask one after the other: a repeated approval belongs to the question that was approved meanwhile.
    if (question !== undefined && isBefore(id, question.approvalId))
      return verdict === approved
        ? { verdict: approved }
        : runErrors.approvalClosed.refusal({ id, how: words[approved] ?? "" });
    const said = question?.decisions.findLast(({ cause }) => cause?.actor?.id === who);
    if (said?.verdict === verdict) return { verdict: howOpen(node) };
    if (!isOpen(node)) return runErrors.approvalClosed.refusal({ id, how: words[howOpen(node)] ?? "closed" });
    const refused = notAllowed(node, who, body.roles);
    if (refused !== undefined) return refused;
    const data = dataGiven(node, body);
    if (isRefusal(data)) return data;
    decide(run, node, step, decisionOf(body, who, step), data.value);
    return { verdict: howOpen(run.nodes[node.number] ?? node) };
  },
};

/**
 * One person takes a question, so that no other person works at it too. Questions that need several answers are not
 * claimed: each of their deciders is wanted.
 */
export const claimApproval: RunCommand<ClaimApproval, ApprovalTaken> = {
  type: "claim_approval",
  codec: ClaimApproval,
  reply: ApprovalTaken,
  decide(run, { approvalId: id, roles }, step) {
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    if (!isOpen(node)) return runErrors.approvalClosed.refusal({ id, how: words[howOpen(node)] ?? "closed" });
    const who = step.cause.actor?.id || roles[0] || "";
    const refused = notAllowed(node, who, roles);
    if (refused !== undefined) return refused;
    const { needed, claimMs } = termsOf(node);
    if (needed > 1) return runErrors.approvalShared.refusal({ id, needed });
    const before = node.more?.question?.claim;
    if (before !== undefined) return { expireMs: before.expireMs };
    if (step.behaviour < behaviours.claimsApprovals) return runErrors.approvalClaimsLater.refusal({ id });
    const expireMs = claimMs > 0 ? step.nowMs + claimMs : 0;
    step.emit(approvalClaimed, {
      node: node.number,
      claim: { person: who, claimMs: step.nowMs, expireMs },
    });
    return { expireMs };
  },
};

/** Frees a question. The caller says whose claim ends, so that a claim of another person is never ended by mistake. */
export const releaseApproval: RunCommand<ReleaseApproval, ApprovalFreed> = {
  type: "release_approval",
  codec: ReleaseApproval,
  reply: ApprovalFreed,
  decide(run, { approvalId: id, person }, step) {
    const node = questionOf(run, id, step);
    if (isRefusal(node)) return node;
    const claim = isOpen(node) ? node.more?.question?.claim : undefined;
    if (claim === undefined) return { released: false };
    const { person: who } = claim;
    if (who !== (person || step.cause.actor?.id)) return runErrors.approvalClaimed.refusal({ id, who });
    step.emit(approvalReleased, { node: node.number, person: who });
    return { released: true };
  },
};

function questionOf(run: RunView, id: string, step: RunStep): NodeView | Refusal {
  if (run.order === undefined) return runErrors.runMissing.refusal({ id: step.key.id });
  return askingNode(run, id) ?? runErrors.approvalMissing.refusal({ id, run: step.key.id });
}

/** Returns why a person does not decide a question. */
function notAllowed(node: NodeView, who: string, roles: ReadOnly<string[]>): Refusal | undefined {
  const { by } = termsOf(node);
  const question = node.more?.question;
  if (by.length > 0 && !by.some((name) => name === who || roles.includes(name)))
    return runErrors.approvalNotAmong.refusal({ who, by: by.join(", ") });
  if (question?.rule !== undefined && who === node.agent && !by.includes(who))
    return runErrors.approvalOwn.refusal({ who });
  if (question !== undefined && question.excluded !== "" && who === question.excluded)
    return runErrors.approvalExcluded.refusal({ who });
  const claimed = question?.claim?.person ?? who;
  if (question !== undefined && claimed !== who)
    return runErrors.approvalClaimed.refusal({ id: question.approvalId, who: claimed });
  return undefined;
}

const words: Partial<Record<Verdict, string>> = {
  [Verdict.VERDICT_APPROVED]: "approved",
  [Verdict.VERDICT_REJECTED]: "rejected",
  [Verdict.VERDICT_EXPIRED]: "expired",
  [Verdict.VERDICT_WITHDRAWN]: "withdrawn",
};

function decisionOf({ verdict, data, reason }: DecideApproval, who: string, step: RunStep): ApprovalDecision {
  const actor = step.cause.actor ?? { kind: ActorKind.ACTOR_KIND_PERSON, id: who };
  const cause = { ...step.cause, actor: { ...actor }, reason: cut(reason, reasonLengthMax) };
  return { verdict, data, cause, decideTime: toTimestamp(step.nowMs) };
}

/** What was brought along, compared with the form. */
function dataGiven(node: NodeView, { data, verdict }: DecideApproval): { readonly value: Json } | Refusal {
  const { form } = termsOf(node);
  try {
    const said = parsed(dataOfPayload(data)) as Json;
    // Who brings nothing along has left every field empty: that is enough for a form that requires none.
    const value = said === null && asksForFields(form) ? {} : said;
    if (form === null || verdict === rejected) return { value };
    const held = holdAgainst(form as Json, value);
    const [first] = held.violations;
    if (first === undefined) return { value: held.value };
    const where = first.path.length === 0 ? "the data" : first.path.join(".");
    return runErrors.approvalInvalid.refusal({ problem: `${where}: ${first.message}` });
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return runErrors.approvalInvalid.refusal({ problem: `expected JSON, found ${error.message}` });
  }
}

function asksForFields(form: unknown): boolean {
  return typeof form === "object" && form !== null && (form as { readonly type?: unknown }).type === "object";
}

function decide(run: RunView, node: NodeView, step: RunStep, decision: ApprovalDecision, data: Json): void {
  const question = node.more?.question;
  if (question === undefined) return;
  const yes = approversOf(question.decisions, decision);
  const { needed } = termsOf(node);
  const task = taskIdIn(run, node.range, node.number);
  const isLast = decision.verdict === rejected || yes.length >= needed;
  const comment = decision.cause?.reason ?? "";
  const by = decision.cause?.actor?.id ?? "";
  const result = { verdict: "approved", by: yes, comment, data };
  const isApproved = isLast && decision.verdict === approved;
  const isOfOutput = question.check !== "" || question.rule !== undefined;
  const held = dataOf(question.output as Uint8Array, question.outputPayload as Payload | undefined);
  const output = isOfOutput ? bytesOf(held) : encodeJson(result);
  step.emit(approvalDecided, {
    ...{ node: node.number, decision, verdict: isLast ? decision.verdict : open },
    output: isApproved ? output : noBytes,
    error:
      decision.verdict === rejected
        ? detailOfRefusal(runErrors.approvalRejected.refusal({ task, by, reason: comment }))
        : undefined,
    decideMs: step.nowMs,
  });
  askNextQuestion(placeOf(run, node.number, step, new StepBudget()));
  advance(run, step);
}

/** Each voter counts once. */
function approversOf(before: ReadOnly<ApprovalDecision[]>, now: ApprovalDecision): string[] {
  const all = [...before, now].filter(({ verdict }) => verdict === approved);
  return [...new Set(all.map(({ cause }) => cause?.actor?.id ?? ""))];
}
