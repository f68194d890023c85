/**
 * The decisions of admission rules in this process: about requests as they come, and about the definitions, plans,
 * results and agents that a service submits itself.
 *
 * 1. The rules of the last bundle apply at any age, because an expired rule would let through the requests that it must
 *    stop. Before the first bundle there are none.
 * 2. Rules see the REST form of a request. Rpcs without a REST form are between services, and are not checked. Those of
 *    governance are not checked either, so that a rule can always be removed.
 * 3. Each refusal is a record of the audit, and all findings go to governance.
 * 4. A request that rules changed is validated against its contract again.
 * 5. A request that needs an approval is refused until a person approves it. Decisions themselves need no approval. A
 *    result waits with its work, a plan with its session. Plans always differ by their start times, so equal texts for
 *    one session and part are the same question.
 * 6. If no rule is about results, a result costs one check of a flag.
 */
import { type AdmissionRule, AdmissionSubject, FindingResult } from "@tutti/contracts/governance/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Cause, WorkReference } from "@tutti/contracts/types/v1";
import {
  type ResultQuestion,
  type RunSpec,
  StartRunRequest,
  type StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { type CallContext, errorFromUnknown, type Principal, type TuttiError } from "@tutti/kernel";
import type { Method, RequestRules, ServerCall } from "@tutti/mesh";
import {
  type Admission,
  AdmissionRules,
  type AgentAbout,
  type ApprovalQuestion,
  agentDocument,
  findingOf,
  groupsOf,
  type PlanAbout,
  planDocument,
  type ResultAbout,
  resultActor,
  resultDocument,
} from "@tutti/policy";
import type { Mapping } from "@tutti/rest/json";
import { accessErrors } from "../guard/errors.ts";
import { causeOf } from "../runtime/cause.ts";
import { Approvals, type ApprovalsParts, admissionPrincipal, type InheritedContext } from "./approvals.ts";
import type { FindingReports } from "./findings.ts";

export interface AdmissionParts extends ApprovalsParts {
  readonly findings: Pick<FindingReports, "found">;
  /** Records refusals. */
  readonly refused: (error: TuttiError, by: Cause, namespace: string, action: string) => void;
}

interface AdmissionInput {
  readonly kind: AdmissionSubject;
  readonly body: Json;
  readonly action: string;
  readonly namespace: string;
  /** The work it belongs to, if known. */
  readonly work?: WorkReference;
}

/** The requester of a decision. */
interface Requester {
  readonly cause: Cause;
  readonly groups: readonly string[];
}

type Refusing = (parts: { readonly action: string; readonly reason: string }, rules: string) => TuttiError;

const {
  ADMISSION_SUBJECT_REQUEST,
  ADMISSION_SUBJECT_DEFINITION,
  ADMISSION_SUBJECT_PLAN,
  ADMISSION_SUBJECT_RESULT,
  ADMISSION_SUBJECT_AGENT,
} = AdmissionSubject;
const bulkStarts = "/tutti.workflow.v1.RunService/StartRuns";
const startRequestType = "tutti.workflow.v1.StartRunRequest";

interface Rest {
  readonly mapping: Mapping;
  /** Returns the type of the requests of an rpc, by its path. */
  readonly requestOf: (path: string) => string | undefined;
}

export class Admitting implements RequestRules {
  readonly #parts: AdmissionParts;
  readonly #approvals: Approvals;
  #rules = new AdmissionRules([]);
  #source: readonly AdmissionRule[] = [];
  #rest: Promise<Rest> | undefined;
  hasAny = false;
  hasAnyAboutResults = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#approvals = new Approvals(parts);
  }

  renew(rules: readonly AdmissionRule[]): void {
    if (JSON.stringify(rules) === JSON.stringify(this.#source)) return;
    this.#source = rules;
    this.#rules = new AdmissionRules(rules);
    this.hasAny = this.#rules.hasAny(ADMISSION_SUBJECT_REQUEST);
    this.hasAnyAboutResults = this.#rules.hasAny(ADMISSION_SUBJECT_RESULT);
  }

  mayConcern({ builtin, rpc: { action } }: Pick<Method, "builtin" | "rpc">): boolean {
    return !builtin && !action.startsWith("governance.") && !groupsOf(action).includes("read");
  }

  async admit(call: ServerCall, request: unknown): Promise<unknown> {
    const { rpc } = call.method;
    if (isAdmission(call.principal)) return request;
    this.#rest ??= openRest();
    if (rpc.path === bulkStarts) {
      await this.#admitStarts(startsIn(call, request as StartRunsRequest), call, await this.#rest);
      return request;
    }
    const namespace = rpc.namespaceOf(request) ?? call.namespace;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_REQUEST, namespace)) return request;
    const { mapping, requestOf } = await this.#rest;
    const input = { kind: ADMISSION_SUBJECT_REQUEST, action: rpc.action, namespace };
    const type = requestOf(rpc.path);
    if (type === undefined) return request;
    const body = mapping.message(type, request as Parameters<Mapping["message"]>[1]) as Json;
    const admitted = await this.#admitted({ ...input, body }, call);
    if (admitted === body) return request;
    const changed = mapping.read(type, admitted);
    const wrong: Parameters<typeof rpc.check>[1] = [];
    rpc.check(changed, wrong);
    const [first] = wrong;
    if (first === undefined && rpc.namespaceOf(changed) === rpc.namespaceOf(request)) return changed;
    const problem = first === undefined ? "another namespace" : `${first.field}: ${first.message}`;
    throw accessErrors.changedWrongly({ action: rpc.action, problem }, { violations: wrong });
  }

  async #admitStarts(starts: readonly StartRunRequest[], call: ServerCall, { mapping }: Rest): Promise<void> {
    const { action } = call.method.rpc;
    for (const start of starts) {
      const { namespace } = start;
      if (!this.#rules.concerns(ADMISSION_SUBJECT_REQUEST, namespace)) return;
      const body = mapping.message(startRequestType, { ...start }) as Json;
      const input = { kind: ADMISSION_SUBJECT_REQUEST, action, namespace };
      if ((await this.#admitted({ ...input, body }, call)) !== body) throw accessErrors.changedInBulk();
    }
  }

  /** Returns the admitted document of a definition, or undefined if nothing changed it. Rejects if it is refused. */
  async definition(document: () => Json, context: CallContext): Promise<Json | undefined> {
    const { namespace, principal } = context;
    if (isAdmission(principal) || !this.#rules.concerns(ADMISSION_SUBJECT_DEFINITION, namespace))
      return undefined;
    const body = document();
    const input = { kind: ADMISSION_SUBJECT_DEFINITION, action: "workflow.definitions.register", namespace };
    const admitted = await this.#admitted({ ...input, body }, context);
    return admitted === body ? undefined : admitted;
  }

  /** Throws if an agent that connects, or changes its offering, is refused. */
  agent(about: AgentAbout, principal: Principal): void {
    const { namespace, action } = about;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_AGENT, namespace)) return;
    const input = { kind: ADMISSION_SUBJECT_AGENT, action, namespace, body: agentDocument(about) };
    this.#judged(input, untracedRequester(principal), ({ reason }, rules) =>
      accessErrors.agentRefused({ agent: about.agentId, reason }, { details: { rules } }),
    );
  }

  /** Returns whether a plan must be checked before it is followed. */
  concernsPlans(namespace: string): boolean {
    return this.#rules.concerns(ADMISSION_SUBJECT_PLAN, namespace);
  }

  /**
   * Returns the questions to people before a plan is followed that `cause` makes for its requester. Throws if the plan
   * is refused.
   */
  plan(about: PlanAbout, cause: Cause, requestedBy: Cause): readonly PlanQuestion[] {
    const { namespace, session: id } = about;
    const input = { kind: ADMISSION_SUBJECT_PLAN, action: planAction, namespace, body: planDocument(about) };
    const work = WorkReference.fromPartial({ namespace, kind: "session", id });
    const { questions } = this.#judged({ ...input, work }, { cause, groups: [] }, ({ reason }, rules) =>
      accessErrors.planRefused({ session: id, reason }, { details: { rules } }),
    );
    return questions.map((question) => this.#questionAbout(about, question, requestedBy));
  }

  #questionAbout(
    { namespace, session, part }: PlanAbout,
    question: ApprovalQuestion,
    cause: Cause,
  ): PlanQuestion {
    const { message } = question;
    const request = { namespace, action: planAction, body: { session, part, question: message }, cause };
    return {
      name: `${nameOf(question.rule)}: ${message}`,
      message,
      requestDecision: async (caller) => {
        try {
          return await this.#approvals.open(question, request, caller);
        } catch (thrown) {
          const error = errorFromUnknown(thrown);
          if (error.retry === "never") this.#parts.refused(error, cause, namespace, planAction);
          throw error;
        }
      },
    };
  }

  /**
   * Returns the admitted output if rules changed it, and the questions to people before it counts: the owner of the
   * work holds it until then. Undefined if it counts unchanged. Throws if it is refused.
   */
  result(about: ResultAbout): JudgedOutput | undefined {
    const { namespace, kind, id, task, agent } = about;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_RESULT, namespace)) return undefined;
    const body = resultDocument(about);
    const work = WorkReference.fromPartial({ namespace, kind, id, task });
    const input = { kind: ADMISSION_SUBJECT_RESULT, action: resultAction, namespace, body, work };
    const { body: admitted, questions } = this.#judged(
      input,
      { cause: resultActor(agent), groups: [] },
      ({ reason }, rules) => accessErrors.resultRefused({ agent, reason }, { details: { rules } }),
    );
    const { output } = admitted as typeof body;
    const changed = output === body.output ? undefined : Buffer.from(JSON.stringify(output));
    if (changed === undefined && questions.length === 0) return undefined;
    return { output: changed, questions: questions.map(questionOf) };
  }

  /** Admits a request after all approvals. */
  async #admitted(input: AdmissionInput, context: CallContext): Promise<Json> {
    const requester = requesterOf(context);
    const { body, questions } = this.#judged(input, requester, requestRefused);
    const { action, namespace } = input;
    if (questions.length === 0 || decides.test(action)) return body;
    const { cause } = requester;
    try {
      await this.#approvals.requireApproved(questions, { namespace, action, body, cause }, context);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      this.#parts.refused(error, cause, namespace, action);
      throw error;
    }
    return body;
  }

  #judged({ work, ...input }: AdmissionInput, { cause, groups }: Requester, refusing: Refusing): Admission {
    const { action, namespace } = input;
    const actor = cause.actor ?? { kind: 0, id: "" };
    const admission = this.#rules.admit({ ...input, actor, groups, labels: {} });
    const about = { namespace, action, nowMs: this.#parts.clock.now(), cause, work };
    for (const finding of admission.findings) this.#parts.findings.found(findingOf(finding, about));
    if (admission.admitted) return admission;
    const error = refusing({ action, reason: reasonOf(admission) }, rulesIn(admission));
    this.#parts.refused(error, cause, namespace, action);
    throw error;
  }
}

/** A question to a person before a plan is followed. */
interface PlanQuestion {
  /** Equal for the same question about the same part. */
  readonly name: string;
  readonly message: string;
  /**
   * Returns the run that asks while there is no decision. Undefined after an approval. Rejects after a rejection, with
   * the person's id.
   */
  requestDecision(caller: InheritedContext): Promise<string | undefined>;
}

interface JudgedOutput {
  readonly output: Uint8Array | undefined;
  readonly questions: readonly ResultQuestion[];
}

function questionOf({
  rule,
  message,
  deciders,
  approvalsNeeded,
  timeoutMs,
}: ApprovalQuestion): ResultQuestion {
  return { rule: nameOf(rule), message, deciders: [...deciders], approvalsNeeded, timeoutMs };
}

/** Rpcs that decide approvals. */
const decides = /\.approvals\.decide$/;
const planAction = "session.sessions.start";
const resultAction = "agent.tasks.complete";

const requestRefused: Refusing = (parts, rules) => accessErrors.ruleRefused(parts, { details: { rules } });

function isAdmission({ kind, id, credential }: Principal): boolean {
  return credential === undefined && kind === admissionPrincipal.kind && id === admissionPrincipal.id;
}

function requesterOf(context: Pick<CallContext, "principal" | "trace">): Requester {
  return { cause: causeOf(context), groups: context.principal.credential?.groups ?? [] };
}

/** Returns the requester for checks outside of a call: it belongs to no trace. */
function untracedRequester(principal: Principal): Requester {
  const trace = { traceId: "", spanId: "", sampled: false };
  const { cause, groups } = requesterOf({ principal, trace });
  return { cause: { ...cause, traceparent: "" }, groups };
}

function denied({ findings }: Admission) {
  return findings
    .filter(({ result }) => result === FindingResult.FINDING_RESULT_DENIED)
    .map(({ rule, message }) => ({ name: nameOf(rule), message }));
}

/** Includes the revision, because the rule may have changed when it is looked up. */
function nameOf({ namespace, ruleId, revision }: AdmissionRule): string {
  return `${namespace}/${ruleId}${revision === "" ? "" : `@${revision}`}`;
}

function reasonOf(admission: Admission): string {
  return denied(admission)
    .map(({ name, message }) => `${name}: ${message}`)
    .join("; ");
}

function rulesIn(admission: Admission): string {
  return denied(admission)
    .map(({ name }) => name)
    .join(",");
}

/** Loaded with the first rule about requests: most processes never have one. */
async function openRest(): Promise<Rest> {
  const { Mapping, schema } = await import("@tutti/rest/json");
  return { mapping: new Mapping(schema), requestOf: (path) => schema.rpcs[path.slice(1)]?.request };
}

/** Data of earlier messages of the stream: the first message names the namespace of all. */
interface Earlier {
  readonly namespace: string;
  readonly specs: RunSpec[];
}

const streams = new WeakMap<object, Earlier>();

/**
 * Returns the starts of a bulk request as single starts, because a rule is about one start.
 *
 * @param call the stream that the message came in
 */
function startsIn(call: object, { namespace: named, specs, items }: StartRunsRequest): StartRunRequest[] {
  const { namespace, specs: known } = streams.get(call) ?? {
    namespace: named || defaultNamespace,
    specs: [],
  };
  streams.set(call, { namespace, specs: known });
  known.push(...specs);
  return items.flatMap(({ runId, spec: number, labels, input }) => {
    const spec = known[number - 1];
    if (spec === undefined) return [];
    const own =
      input?.$case === "inputPayload"
        ? input.value
        : input && { body: { $case: "inline" as const, value: input.value }, mediaType: "" };
    const merged = { ...spec, input: own ?? spec.input, labels: { ...spec.labels, ...labels } };
    return [{ ...StartRunRequest.create(), namespace, runId, spec: merged }];
  });
}
