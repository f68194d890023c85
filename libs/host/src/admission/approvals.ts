/**
 * Approvals that rules require. A run with one task asks the person, so that questions are durable, listed, decided,
 * audited and expire like those of any run. The caller gets its id, and repeats the request after the approval.
 *
 * 1. An approval is for one thing: this caller, this action, this content, and the question of the rule. Any difference
 *    makes another question.
 * 2. A decision counts only if this component started the run. The right to start runs does not give the right to
 *    approve.
 * 3. A requester's own approval counts only if the rule names the requester as a decider.
 * 4. An approval is valid for a day, so that a repetition finds it. A rejection is valid for an hour, with its reason.
 *    After that the question is asked again.
 */
import { createHash } from "node:crypto";
import {
  ActorKind,
  type Approval,
  type ApprovalDecision,
  type Cause,
  Verdict,
} from "@tutti/contracts/types/v1";
import {
  type definitionService,
  ListApprovalsRequest,
  RegisterDefinitionRequest,
  type runService,
  SourceFormat,
  StartRunRequest,
  type taskService,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import {
  type CallContext,
  type Clock,
  fromTimestamp,
  internalLabel,
  isTuttiError,
  jsonPayload,
  type Principal,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { ApprovalQuestion } from "@tutti/policy";
import { accessErrors } from "../guard/errors.ts";

/** The principal that asks questions. Rules do not apply to its runs. */
export const admissionPrincipal: Principal = { kind: "service", id: "admission", roles: ["admin"] };

export interface ApprovalsParts {
  readonly clock: Pick<Clock, "now">;
  readonly definitions: () => Pick<Client<typeof definitionService>, "registerDefinition">;
  readonly runs: () => Pick<Client<typeof runService>, "startRun">;
  readonly tasks: () => Pick<Client<typeof taskService>, "listApprovals">;
}

/** The request to approve, and its caller. */
export interface ApprovalRequest {
  readonly namespace: string;
  readonly action: string;
  readonly body: Json;
  readonly cause: Cause;
}

/** Values taken over from the caller. */
export type InheritedContext = Pick<CallContext, "deadlineMs" | "signal" | "trace" | "logger">;

const serviceKind = ActorKind.ACTOR_KIND_SERVICE;
const hourMs = 3_600_000;
const approvalValidMs = 24 * hourMs;
const rejectionValidMs = hourMs;
const retentionMs = 7 * 24 * hourMs;
const questionsMax = 100;
const bodyLengthMax = 32_768;
const everyVerdict = [
  Verdict.VERDICT_UNSPECIFIED,
  Verdict.VERDICT_APPROVED,
  Verdict.VERDICT_REJECTED,
  Verdict.VERDICT_EXPIRED,
  Verdict.VERDICT_WITHDRAWN,
];

export class Approvals {
  readonly #parts: ApprovalsParts;

  constructor(parts: ApprovalsParts) {
    this.#parts = parts;
  }

  /** Resolves when everything is approved. Rejects with the pending questions, or with the person who rejected. */
  async requireApproved(
    questions: readonly ApprovalQuestion[],
    approvalRequest: ApprovalRequest,
    caller: CallContext,
  ): Promise<void> {
    const context = withoutCaller(caller, approvalRequest.namespace);
    // All questions are asked before the first wait.
    const opened = await Promise.all(
      questions.map((question) => this.#open(question, approvalRequest, context)),
    );
    const open = opened.filter((runId) => runId !== undefined);
    if (open.length === 0) return;
    const message = questions.map((question) => question.message).join("; ");
    throw accessErrors.approvalNeeded(
      { action: approvalRequest.action, message, approvals: open },
      { details: { approvals: open.join(","), namespace: approvalRequest.namespace } },
    );
  }

  /** Returns the run that asks while nothing is decided. Undefined after an approval. Rejects after a rejection. */
  open(
    question: ApprovalQuestion,
    approvalRequest: ApprovalRequest,
    caller: InheritedContext,
  ): Promise<string | undefined> {
    return this.#open(question, approvalRequest, withoutCaller(caller, approvalRequest.namespace));
  }

  async #open(
    question: ApprovalQuestion,
    approvalRequest: ApprovalRequest,
    context: CallContext,
  ): Promise<string | undefined> {
    const { namespace, cause } = approvalRequest;
    const name = nameOf(question, approvalRequest);
    const nowMs = this.#parts.clock.now();
    const definition = await this.#definition(question, namespace, context);
    for (let number = 1; number <= questionsMax; number++) {
      const runId = `${name}-${number}`;
      if (!(await this.#isApprovalRun(runId, definition, { question, approvalRequest }, context))) continue;
      const filter = { workId: runId, verdicts: everyVerdict };
      const request = ListApprovalsRequest.fromPartial({ namespace, filter });
      const [approval] = (await this.#parts.tasks().listApprovals(request, { context })).approvals;
      if (approval === undefined) continue;
      if (approval.verdict === Verdict.VERDICT_UNSPECIFIED) return runId;
      const last = approval.decisions.at(-1);
      const sinceMs = last?.decideTime === undefined ? 0 : nowMs - fromTimestamp(last.decideTime);
      if (approval.verdict === Verdict.VERDICT_REJECTED && sinceMs < rejectionValidMs)
        throw notApproved(question, runId, last);
      if (isApproved(approval, question, cause) && sinceMs < approvalValidMs) return;
    }
    throw accessErrors.approvalsTooMany({ approval: name });
  }

  /** Returns whether the run of that id asks this question, and was started here, now or before. */
  async #isApprovalRun(
    runId: string,
    definition: { readonly name: string; readonly hash: string },
    {
      question,
      approvalRequest,
    }: { readonly question: ApprovalQuestion; readonly approvalRequest: ApprovalRequest },
    context: CallContext,
  ): Promise<boolean> {
    const { namespace, action, body, cause } = approvalRequest;
    const { name, hash } = definition;
    const { kind = 0, id = "" } = cause.actor ?? {};
    const prompt = {
      title: question.message.slice(0, 200),
      message: question.message,
      asked: shortened(withoutKey(body)),
      by: id,
    };
    const spec = {
      what: { $case: "definition", value: { name, version: { $case: "hash", value: hash } } },
      input: jsonPayload({ ...prompt, action, kind }),
      retentionMs,
    } as const;
    try {
      const request = StartRunRequest.fromPartial({ namespace, runId, spec });
      const { run } = await this.#parts.runs().startRun(request, { context });
      return (
        run?.createCause?.actor?.id === admissionPrincipal.id && run.createCause.actor.kind === serviceKind
      );
    } catch (error) {
      // The id belongs to another run, or did and that run is no longer kept.
      if (isTuttiError(error) && error.status === "ALREADY_EXISTS") return false;
      throw error;
    }
  }

  /**
   * Returns a workflow with one task, which asks. Its document, not its input, contains the deciders and their number.
   */
  async #definition({ rule, ...question }: ApprovalQuestion, namespace: string, context: CallContext) {
    const { deciders, approvalsNeeded, timeoutMs } = question;
    const workflow = `approval-${slugOf(rule.ruleId)}`;
    const approve = {
      title: "${{ input.title }}",
      message: "${{ input.message }}",
      context: { asked: "${{ input.asked }}" },
      ...(deciders.length === 0 ? {} : { by: deciders }),
      ...(approvalsNeeded > 1 ? { needed: approvalsNeeded } : {}),
      ...(timeoutMs > 0 ? { within: `${Math.ceil(timeoutMs / 1_000)}s` } : {}),
    };
    const description = `makes a request that the rule ${rule.namespace}/${rule.ruleId} must approve first`;
    const labels = { [internalLabel]: "true" };
    const text = JSON.stringify({ workflow, description, labels, tasks: { approval: { approve } } });
    const source = { format: SourceFormat.SOURCE_FORMAT_JSON, text, fileName: `${workflow}.json` };
    const request = RegisterDefinitionRequest.fromPartial({ namespace, source });
    const { definition } = await this.#parts.definitions().registerDefinition(request, { context });
    return { name: workflow, hash: definition?.hash ?? "" };
  }
}

function isApproved(
  approval: Approval,
  { deciders, approvalsNeeded }: ApprovalQuestion,
  { actor }: Cause,
): boolean {
  if (approval.verdict !== Verdict.VERDICT_APPROVED) return false;
  const approvals = approval.decisions.filter(({ verdict }) => verdict === Verdict.VERDICT_APPROVED);
  const people = new Set(approvals.map(({ cause }) => cause?.actor?.id ?? ""));
  if (actor !== undefined && !deciders.includes(actor.id)) people.delete(actor.id);
  return people.size >= approvalsNeeded;
}

function notApproved({ message }: ApprovalQuestion, runId: string, last: ApprovalDecision | undefined) {
  const { actor, reason = "" } = last?.cause ?? {};
  return accessErrors.notApproved(
    { message, approver: actor?.id ?? "an unknown caller", reason },
    { details: { approval: runId } },
  );
}

/** Returns the same name for the same caller, action and content, as long as the rule asks the same people. */
function nameOf(
  { rule, deciders, approvalsNeeded }: ApprovalQuestion,
  { namespace, action, body, cause }: ApprovalRequest,
): string {
  const { kind = 0, id = "" } = cause.actor ?? {};
  const { namespace: of, ruleId } = rule;
  const all = [of, ruleId, deciders, approvalsNeeded, namespace, action, kind, id, sorted(withoutKey(body))];
  const hash = createHash("sha256").update(JSON.stringify(all)).digest("hex");
  return `approval-${slugOf(ruleId)}-${hash.slice(0, 16)}`;
}

/** A repetition under another idempotency key is still a repetition. */
function withoutKey(body: Json): Json {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { idempotencyKey: _, ...rest } = body as Record<string, Json>;
  return rest;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Record<string, Json>).map(
    ([key, item]) => [key, sorted(item)] as const,
  );
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Returns the part of the body that fits into a question. */
function shortened(body: Json): Json {
  const text = JSON.stringify(body);
  return text.length <= bodyLengthMax ? body : `${text.slice(0, bodyLengthMax)}…`;
}

const slugMax = 40;

function slugOf(ruleId: string): string {
  return ruleId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, slugMax);
}

function withoutCaller(caller: InheritedContext, namespace: string): CallContext {
  const { deadlineMs, signal, trace, logger } = caller;
  return { principal: admissionPrincipal, namespace, deadlineMs, signal, trace, idempotencyKey: "", logger };
}
