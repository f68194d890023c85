/**
 * What admission rules say of what is asked of this process: requests as they come, and whatever a service brings to them itself.
 *
 * 1. Rules are those of the last bundle, however old it is: a rule that ended with its bundle would let through what it is there to stop.
 *    Before the first bundle there are none.
 * 2. Of a request the rules see what REST shows of it. Rpcs that REST has not are between services, and nobody asks about them; nor
 *    about those of governance, so that a rule can always be taken back.
 * 3. What is refused is a record of the audit, and everything that was found goes to governance.
 * 4. A request that rules changed is held against its contract again.
 */
import { type AdmissionRule, AdmissionSubject, FindingResult } from "@tutti/contracts/governance/v1";
import type { StartRunRequest, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { CallContext, Clock, TuttiError } from "@tutti/kernel";
import type { Method, RequestRules, ServerCall } from "@tutti/mesh";
import { type Admission, AdmissionRules, findingOf, groupsOf } from "@tutti/policy";
import type { Mapping } from "@tutti/rest/json";
import { accessErrors } from "../guard/errors.ts";
import { causeOf } from "../runtime/cause.ts";
import { startsIn } from "./bulk-starts.ts";
import type { FindingReports } from "./findings.ts";

/** Who asks, and where. */
type Context = Pick<CallContext, "principal" | "trace" | "namespace">;

export interface AdmissionParts {
  readonly clock: Pick<Clock, "now">;
  readonly findings: Pick<FindingReports, "found">;
  /** Records what was refused. */
  readonly refused: (error: TuttiError, context: Context, action: string) => void;
}

interface Asked {
  readonly kind: AdmissionSubject;
  readonly body: Json;
  readonly action: string;
  readonly namespace: string;
}

const { ADMISSION_SUBJECT_REQUEST, ADMISSION_SUBJECT_DEFINITION } = AdmissionSubject;
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

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  renew(rules: readonly AdmissionRule[]): void {
    if (JSON.stringify(rules) === JSON.stringify(this.#source)) return;
    this.#source = rules;
    this.#rules = new AdmissionRules(rules);
    this.hasAny = this.#rules.hasAny(ADMISSION_SUBJECT_REQUEST);
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
    const admitted = this.#judge({ ...asked, body }, call);
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
      if (this.#judge({ ...asked, body }, call) !== body) throw accessErrors.changedInBulk();
    }
  }

  /** The document of a definition as it is admitted, undefined where nothing changed it. Throws where it is refused. */
  definition(document: () => Json, context: Context): Json | undefined {
    const { namespace } = context;
    if (!this.#rules.concerns(ADMISSION_SUBJECT_DEFINITION, namespace)) return undefined;
    const body = document();
    const asked = { kind: ADMISSION_SUBJECT_DEFINITION, action: "workflow.definitions.register", namespace };
    const admitted = this.#judge({ ...asked, body }, context);
    return admitted === body ? undefined : admitted;
  }

  #judge({ kind, body, action, namespace }: Asked, context: Context): Json {
    const { principal } = context;
    const cause = causeOf(context);
    const actor = cause.actor ?? { kind: 0, id: "" };
    const groups = principal.shown?.groups ?? [];
    const admission = this.#rules.admit({ kind, body, actor, groups, namespace, labels: {}, action });
    const about = { namespace, action, nowMs: this.#parts.clock.now(), cause };
    for (const one of admission.findings) this.#parts.findings.found(findingOf(one, about));
    if (admission.admitted) return admission.body;
    const error = refusalOf(admission, action);
    this.#parts.refused(error, { principal, trace: context.trace, namespace }, action);
    throw error;
  }
}

function refusalOf({ findings }: Admission, action: string): TuttiError {
  const denied = findings.filter(({ result }) => result === FindingResult.FINDING_RESULT_DENIED);
  const names = denied.map(({ rule }) => `${rule.namespace}/${rule.ruleId}`);
  const reason = denied.map(({ message }, index) => `${names[index]}: ${message}`).join("; ");
  return accessErrors.ruleRefused({ action, reason }, { details: { rules: names.join(",") } });
}

/** Loaded with the first rule about requests: most processes never have one. */
async function openRest(): Promise<Rest> {
  const { Mapping, schema } = await import("@tutti/rest/json");
  return {
    mapping: new Mapping(schema),
    requestOf: (path) => schema.rpcs[path.slice(1)]?.request,
  };
}
