/** People decide. */
import { ActorKind, type ApprovalDecision, type Payload, Verdict } from "@tutti/contracts/types/v1";
import { ApprovalAnswered, DecideApproval } from "@tutti/contracts/workflow/v1";
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
import { taskIdIn } from "../../core/state/places.ts";
import type { NodeView, RunCommand, RunStep, RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { askNextQuestion } from "../../kinds/approve/ask.ts";
import { approvalDecided } from "../../kinds/approve/events.ts";
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
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: step.key.id });
    const node = askingNode(run, id);
    if (node === undefined) return runErrors.approvalMissing.refusal({ id, run: step.key.id });
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
    const { by } = termsOf(node);
    if (by.length > 0 && !by.some((name) => name === who || body.roles.includes(name)))
      return runErrors.approvalNotAmong.refusal({ who, by: by.join(", ") });
    if (question?.rule !== undefined && who === node.agent && !by.includes(who))
      return runErrors.approvalOwn.refusal({ who });
    if (question !== undefined && question.excluded !== "" && who === question.excluded)
      return runErrors.approvalExcluded.refusal({ who });
    const data = dataGiven(node, body);
    if (isRefusal(data)) return data;
    decide(run, node, step, decisionOf(body, who, step), data.value);
    return { verdict: howOpen(run.nodes[node.number] ?? node) };
  },
};

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
