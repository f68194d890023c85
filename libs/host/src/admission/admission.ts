/**
 * What admission rules say of what is asked of this process: requests as they come, and whatever a service brings to them itself:
 * definitions, plans, results, agents.
 *
 * 1. Rules are those of the last bundle, however old it is: a rule that ended with its bundle would let through what it is there to stop.
 *    Before the first bundle there are none.
 * 2. Of a request the rules see what REST shows of it. Rpcs that REST has not are between services, and nobody asks about them; nor
 *    about those of governance, so that a rule can always be taken back.
 * 3. What is refused is a record of the audit, and everything that was found goes to governance.
 * 4. A request that rules changed is held against its contract again.
 * 5. Where no rule is about results, a result costs one look at a flag.
 */
import { type AdmissionRule, AdmissionSubject, FindingResult } from "@tutti/contracts/governance/v1";
import { type Cause, WorkReference } from "@tutti/contracts/types/v1";
import type { StartRunRequest, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { CallContext, Clock, Principal, TuttiError } from "@tutti/kernel";
import type { Method, RequestRules, ServerCall } from "@tutti/mesh";
import { type Admission, AdmissionRules, findingOf, groupsOf } from "@tutti/policy";
import type { Mapping } from "@tutti/rest/json";
import { accessErrors } from "../guard/errors.ts";
import { causeOf } from "../runtime/cause.ts";
import { startsIn } from "./bulk-starts.ts";
import type { FindingReports } from "./findings.ts";
import {
  type AgentAbout,
  agentDocument,
  type PlanAbout,
  planDocument,
  type ResultAbout,
  resultActor,
  resultDocument,
} from "./subjects.ts";

/** Who asks, and where. */
type Context = Pick<CallContext, "principal" | "trace" | "namespace">;

export interface AdmissionParts {
  readonly clock: Pick<Clock, "now">;
  readonly findings: Pick<FindingReports, "found">;
  /** Records what was refused. */
  readonly refused: (error: TuttiError, by: Cause, namespace: string, action: string) => void;
}

interface Asked {
  readonly kind: AdmissionSubject;
  readonly body: Json;
  readonly action: string;
  readonly namespace: string;
  /** What it belongs to, where that is known. */
  readonly work?: WorkReference;
}

/** Who is behind it. */
interface Asking {
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
const oneStart = "tutti.workflow.v1.StartRunRequest";

interface Rest {
  readonly mapping: Mapping;
  /** By the path of an rpc, the type of its requests. */
  readonly requestOf: (path: string) => string | undefined;
}

export class Admitting implements RequestRules {
  readonly #parts: AdmissionParts;
  #rules = new AdmissionRules([]);
  #source: readonly AdmissionRule[] = [];
  #rest: Promise<Rest> | undefined;
  hasAny = false;
  hasAnyAboutResults = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
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
    this.#rest ??= openRest();
    if (rpc.path === bulkStarts) {
      this.#admitStarts(startsIn(call, request as StartRunsRequest), call, await this.#rest);
      return request;
    }
    const namespace = rpc.namespaceOf(request) ?? call.namespace;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_REQUEST, namespace)) return request;
    const { mapping, requestOf } = await this.#rest;
    const asked = { kind: ADMISSION_SUBJECT_REQUEST, action: rpc.action, namespace };
    const type = requestOf(rpc.path);
    if (type === undefined) return request;
    const body = mapping.message(type, request as Parameters<Mapping["message"]>[1]) as Json;
    const admitted = this.#judge({ ...asked, body }, askingIn(call));
    if (admitted === body) return request;
    const changed = mapping.read(type, admitted);
    const wrong: Parameters<typeof rpc.check>[1] = [];
    rpc.check(changed, wrong);
    const [first] = wrong;
    if (first === undefined && rpc.namespaceOf(changed) === rpc.namespaceOf(request)) return changed;
    const problem = first === undefined ? "another namespace" : `${first.field}: ${first.message}`;
    throw accessErrors.changedWrongly({ action: rpc.action, problem }, { violations: wrong });
  }

  #admitStarts(starts: readonly StartRunRequest[], call: ServerCall, { mapping }: Rest): void {
    const { action } = call.method.rpc;
    for (const start of starts) {
      const { namespace } = start;
      if (!this.#rules.concerns(ADMISSION_SUBJECT_REQUEST, namespace)) return;
      const body = mapping.message(oneStart, { ...start }) as Json;
      const asked = { kind: ADMISSION_SUBJECT_REQUEST, action, namespace };
      if (this.#judge({ ...asked, body }, askingIn(call)) !== body) throw accessErrors.changedInBulk();
    }
  }

  /** The document of a definition as it is admitted, undefined where nothing changed it. Throws where it is refused. */
  definition(document: () => Json, context: Context): Json | undefined {
    const { namespace } = context;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_DEFINITION, namespace)) return undefined;
    const body = document();
    const asked = { kind: ADMISSION_SUBJECT_DEFINITION, action: "workflow.definitions.register", namespace };
    const admitted = this.#judge({ ...asked, body }, askingIn(context));
    return admitted === body ? undefined : admitted;
  }

  /** Throws where an agent that says hello, or offers other things than before, is refused. */
  agent(about: AgentAbout, principal: Principal): void {
    const { namespace, action } = about;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_AGENT, namespace)) return;
    const asked = { kind: ADMISSION_SUBJECT_AGENT, action, namespace, body: agentDocument(about) };
    this.#judge(asked, askingAs(principal), ({ reason }, rules) =>
      accessErrors.agentRefused({ agent: about.agentId, reason }, { details: { rules } }),
    );
  }

  /** Whether a plan has to be shown before it is followed. */
  concernsPlans(namespace: string): boolean {
    return this.#rules.concerns(ADMISSION_SUBJECT_PLAN, namespace);
  }

  /** Throws where a plan is refused. */
  plan(about: PlanAbout, cause: Cause): void {
    const { namespace, session: id } = about;
    const asked = { kind: ADMISSION_SUBJECT_PLAN, action: planAction, namespace, body: planDocument(about) };
    const work = WorkReference.fromPartial({ namespace, kind: "session", id });
    this.#judge({ ...asked, work }, { cause, groups: [] }, ({ reason }, rules) =>
      accessErrors.planRefused({ session: id, reason }, { details: { rules } }),
    );
  }

  /** The output as it is admitted, where rules changed it. Throws where it is refused. */
  result(about: ResultAbout): Uint8Array | undefined {
    const { namespace, kind, id, task, agent } = about;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_RESULT, namespace)) return undefined;
    const body = resultDocument(about);
    const work = WorkReference.fromPartial({ namespace, kind, id, task });
    const asked = { kind: ADMISSION_SUBJECT_RESULT, action: resultAction, namespace, body, work };
    const admitted = this.#judge(asked, { cause: resultActor(agent), groups: [] }, ({ reason }, rules) =>
      accessErrors.resultRefused({ agent, reason }, { details: { rules } }),
    ) as typeof body;
    if (admitted.output === body.output) return undefined;
    return Buffer.from(JSON.stringify(admitted.output));
  }

  #judge({ work, ...asked }: Asked, { cause, groups }: Asking, refusing: Refusing = requestRefused): Json {
    const { action, namespace } = asked;
    const actor = cause.actor ?? { kind: 0, id: "" };
    const admission = this.#rules.admit({ ...asked, actor, groups, labels: {} });
    const about = { namespace, action, nowMs: this.#parts.clock.now(), cause, work };
    for (const one of admission.findings) this.#parts.findings.found(findingOf(one, about));
    if (admission.admitted) return admission.body;
    const error = refusing({ action, reason: reasonOf(admission) }, rulesIn(admission));
    this.#parts.refused(error, cause, namespace, action);
    throw error;
  }
}

const planAction = "session.sessions.start";
const resultAction = "agent.tasks.complete";

const requestRefused: Refusing = (parts, rules) => accessErrors.ruleRefused(parts, { details: { rules } });

function askingIn(context: Omit<Context, "namespace">): Asking {
  return { cause: causeOf(context), groups: context.principal.shown?.groups ?? [] };
}

/** Of what is no call: it belongs to no trace. */
function askingAs(principal: Principal): Asking {
  const trace = { traceId: "", spanId: "", sampled: false };
  const { cause, groups } = askingIn({ principal, trace });
  return { cause: { ...cause, traceparent: "" }, groups };
}

function denied({ findings }: Admission) {
  return findings
    .filter(({ result }) => result === FindingResult.FINDING_RESULT_DENIED)
    .map(({ rule, message }) => ({ name: `${rule.namespace}/${rule.ruleId}`, message }));
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
  return {
    mapping: new Mapping(schema),
    requestOf: (path) => schema.rpcs[path.slice(1)]?.request,
  };
}
