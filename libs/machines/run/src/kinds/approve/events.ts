/** Questions to people, and their decisions. */
import { TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import {
  ApprovalAskedV1,
  ApprovalClaimedV1,
  ApprovalDecidedV1,
  ApprovalDelegatedV1,
  ApprovalReleasedV1,
  type RunClaim,
} from "@tutti/contracts/workflow/v1";
import { blobsOf, dataOf } from "@tutti/machine-work";
import { recordUsed } from "../../core/node/budget.ts";
import { setOutput } from "../../core/node/data.ts";
import { finishNode, settleWork } from "../../core/node/flow.ts";
import { clearLimits, nodeOf, release, setStatus, startVisit } from "../../core/node/nodes.ts";
import { nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { detailOf, moreOf, type Run, type RunEvent, type RunOutstanding } from "../../core/state/state.ts";
import { dueOf, hasOpenQuestions } from "./open.ts";

export const approvalAsked: RunEvent<ApprovalAskedV1> = {
  type: "approval_asked",
  version: 1,
  codec: ApprovalAskedV1,
  described: true,
  blobs: ({ output, outputPayload }) => blobsOf(outputPayload, output),
  evolve(run, body, outstanding) {
    const { node: number, agent, used, title, message, context, requestMs, expireMs, check, output } = body;
    const { rule, next, outputPayload, excluded } = body;
    const node = startVisit(run, number, requestMs, outstanding);
    // For an output, the attempt is over, and its output waits.
    settleWork(number, outstanding);
    clearLimits(node, outstanding);
    if (agent !== "") node.agent = agent;
    recordUsed(run, node, used);
    const detail = detailOf(node);
    detail.dueMs = expireMs;
    detail.question = {
      approvalId: body.approvalId,
      title,
      message,
      context,
      requestMs,
      expireMs,
      check,
      output,
      rule,
      next,
      outputPayload,
      excluded,
      decisions: [],
      verdict: Verdict.VERDICT_UNSPECIFIED,
      claim: undefined,
      delegations: [],
    };
    moreOf(run).hasOpenQuestions = true;
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    if (expireMs > 0) outstanding.timer(timerNumber(number, nodeTimers.approval), expireMs);
  },
};

export const approvalClaimed: RunEvent<ApprovalClaimedV1> = {
  type: "approval_claimed",
  version: 1,
  codec: ApprovalClaimedV1,
  described: true,
  evolve(run, { node: number, claim }, outstanding) {
    setClaim(run, number, claim, outstanding);
  },
};

export const approvalDelegated: RunEvent<ApprovalDelegatedV1> = {
  type: "approval_delegated",
  version: 1,
  codec: ApprovalDelegatedV1,
  described: true,
  evolve(run, { node: number, delegation }, outstanding) {
    if (delegation === undefined) return;
    detailOf(nodeOf(run, number)).question?.delegations.push(delegation);
    setClaim(run, number, undefined, outstanding);
  },
};

export const approvalReleased: RunEvent<ApprovalReleasedV1> = {
  type: "approval_released",
  version: 1,
  codec: ApprovalReleasedV1,
  described: true,
  evolve(run, { node: number }, outstanding) {
    setClaim(run, number, undefined, outstanding);
  },
};

/** Sets the claim of a question. Both share a timer: that of the one that ends first. */
function setClaim(run: Run, number: number, claim: RunClaim | undefined, outstanding: RunOutstanding): void {
  const { question } = detailOf(nodeOf(run, number));
  if (question === undefined) return;
  question.claim = claim;
  const timer = timerNumber(number, nodeTimers.approval);
  const dueMs = dueOf(question);
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}

/** The final decision ends the task, unless a rule has another question about its output. */
export const approvalDecided: RunEvent<ApprovalDecidedV1> = {
  type: "approval_decided",
  version: 1,
  codec: ApprovalDecidedV1,
  described: true,
  blobs: ({ decision }) => blobsOf(decision?.data),
  evolve(run, { node: number, decision, verdict, output, error, decideMs }, outstanding) {
    const node = nodeOf(run, number);
    const { question } = detailOf(node);
    if (question === undefined) return;
    if (decision !== undefined) {
      question.decisions.push(decision);
      moreOf(run).hasDecisions = true;
    }
    if (verdict === Verdict.VERDICT_UNSPECIFIED) return;
    question.verdict = verdict;
    question.claim = undefined;
    detailOf(node).dueMs = 0;
    outstanding.cleared(timerNumber(number, nodeTimers.approval));
    const isApproved = verdict === Verdict.VERDICT_APPROVED;
    if (isApproved && question.next.length > 0) return;
    release(number, outstanding);
    if (isApproved) setOutput(run, node, dataOf(output, question.outputPayload));
    node.error = error;
    const { TASK_STATUS_COMPLETED: completed, TASK_STATUS_FAILED: failed } = TaskStatus;
    finishNode(run, node, isApproved ? completed : failed, decideMs, outstanding);
    moreOf(run).hasOpenQuestions = hasOpenQuestions(run);
  },
};
