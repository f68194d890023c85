/**
 * The file of a resource of the platform: a pool, a scaler, a role and so on.
 *
 * 1. The first key is the kind, its value the id: `pool: render`. The other keys are the fields of REST.
 * 2. Fields that the platform sets are refused: a file with them would never match the platform.
 * 3. The file of an alert rule may have its tests.
 * 4. A secret has no value in a file. `from` names where `tutti apply` reads the value: `env:NAME` or `file:PATH`.
 */
import { admissionService, policyService, secretService } from "@tutti/contracts/governance/v1";
import { alertService } from "@tutti/contracts/insight/v1";
import type { FieldViolation, RpcDescription } from "@tutti/contracts/rpc";
import { resourceService } from "@tutti/contracts/session/v1";
import { hookService, inboxService, poolService, scalerService } from "@tutti/contracts/swarm/v1";
import { limitService } from "@tutti/contracts/workflow/v1";
import {
  type DefinitionProblem,
  type DefinitionText,
  type Findings,
  keyLine,
  readText,
} from "@tutti/definitions";
import { didYouMean, isTuttiError } from "@tutti/kernel";
import { Mapping, schema } from "@tutti/rest/json";

type Json = Readonly<Record<string, unknown>>;

/** How the file of a kind is parsed. `apps/cli/src/commands/apply/resources.ts` writes it to the platform. */
interface ResourceKind {
  /** Message of the contracts. */
  readonly type: string;
  /** Field that the first key sets. */
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: each rpc has a request of its own
  readonly rpc: RpcDescription<any, any>;
  /** Request that sets such a message, and the location of the message in the request. */
  readonly request: (message: object) => object;
  readonly at: string;
  /** Defaults of the platform for a new resource. */
  readonly defaults?: Json;
  /**
   * Whether the platform has defaults of its own, so that fields that the file does not set stay unchanged.
   */
  readonly keepsUnset?: boolean;
}

const kind = (
  type: string,
  id: string,
  rpc: ResourceKind["rpc"],
  at: string,
  parts: Partial<ResourceKind> = {},
): ResourceKind => ({
  type,
  id,
  rpc,
  at,
  request: (message) => ({ namespace: "", [at]: message }),
  ...parts,
});

export const resourceKinds = {
  secret: kind("tutti.governance.v1.PutSecretRequest", "name", secretService.methods.putSecret, "", {
    request: (message) => ({ ...message, value: new Uint8Array(1) }),
  }),
  role: kind("tutti.governance.v1.Role", "role", policyService.methods.setRole, "role"),
  binding: kind(
    "tutti.governance.v1.RoleBinding",
    "bindingId",
    policyService.methods.createRoleBinding,
    "binding",
  ),
  rule: kind("tutti.governance.v1.AdmissionRule", "ruleId", admissionService.methods.setRule, "rule"),
  policy: kind(
    "tutti.governance.v1.Policy",
    "policyId",
    policyService.methods.applyPolicies,
    "change.set[0]",
    {
      request: (message) => ({ namespace: "", change: { set: [message], removedPolicyIds: [] }, version: 0 }),
    },
  ),
  pool: kind("tutti.swarm.v1.Pool", "pool", poolService.methods.createPool, "pool", { keepsUnset: true }),
  scaler: kind("tutti.swarm.v1.Scaler", "scalerId", scalerService.methods.createScaler, "scaler", {
    defaults: { pool: "default" },
  }),
  hook: kind("tutti.swarm.v1.Hook", "hookId", hookService.methods.createHook, "hook", {
    defaults: { pool: "default" },
  }),
  inbox: kind("tutti.swarm.v1.Inbox", "inboxId", inboxService.methods.setInbox, "inbox", {
    defaults: { pool: "default" },
    request: (message) => ({ namespace: "", inbox: message, revision: "", reason: "" }),
  }),
  limit: kind("tutti.workflow.v1.Limit", "key", limitService.methods.setLimit, "limit"),
  rotation: kind("tutti.insight.v1.Rotation", "rotationId", alertService.methods.setRotation, "rotation", {
    // People set overrides on the platform.
    keepsUnset: true,
  }),
  escalation: kind(
    "tutti.insight.v1.EscalationPolicy",
    "policyId",
    alertService.methods.setEscalationPolicy,
    "policy",
  ),
  "alert-rule": kind("tutti.insight.v1.AlertRule", "ruleId", alertService.methods.setAlertRule, "rule"),
  quota: kind("tutti.session.v1.Quota", "quotaId", resourceService.methods.setQuota, "quota"),
} as const satisfies Readonly<Record<string, ResourceKind>>;

export type ResourceKindName = keyof typeof resourceKinds;

/** Kinds whose ids are unique in a pool. */
const inPools: ReadonlySet<string> = new Set<ResourceKindName>(["scaler", "hook", "inbox"]);

export function isInPool(kind: string): boolean {
  return inPools.has(kind);
}

/** Fields that a file cannot set. */
const unsettable: ReadonlySet<string> = new Set([
  ...["namespace", "status", "revision", "createTimeMs", "createCause", "updateTimeMs", "updateCause"],
  "used",
  "held",
  "waiting",
  "openTasks",
  "longestWaitMs",
  "readyMade",
  "pauseReason",
  "slowStartEndTimeMs",
  "problem",
  "versions",
  "useTimeMs",
  "rotateTimeMs",
  "value",
  "overlapMs",
  "rotateAfterMs",
  "expireTimeMs",
]);
/** A binding has an expiry that its file sets. */
const settableAll: Readonly<Partial<Record<ResourceKindName, readonly string[]>>> = {
  binding: ["expireTimeMs"],
};

export interface CheckedResource {
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly resource: DescribedResource | undefined;
}

export interface DescribedResource {
  readonly kind: ResourceKindName;
  readonly id: string;
  /** The resource in the form of REST, without empty fields. */
  readonly spec: Json;
  /** Whether the file sets if it is paused. */
  readonly setsPaused: boolean;
  /** Source of the value of a secret: `env:NAME`, `file:PATH`. */
  readonly from?: string;
}

const kindLine = keyLine(...Object.keys(resourceKinds));

/** Returns the kind of a text by its first key. Undefined for a text of another kind. */
export function resourceKindOf(source: DefinitionText): ResourceKindName | undefined {
  if (!kindLine.test(source.text)) return;
  const { value } = readText(source);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const [first = ""] = Object.keys(value);
  return Object.hasOwn(resourceKinds, first) ? (first as ResourceKindName) : undefined;
}

export function isResourceKind(kind: string): kind is ResourceKindName {
  return Object.hasOwn(resourceKinds, kind);
}

/** Checks the file of a resource and reports all problems together. */
export function checkResource(source: DefinitionText, kind: ResourceKindName): CheckedResource {
  let resource: DescribedResource | undefined;
  const { problems } = readText(source, (value, findings) => {
    resource = resourceIn(value as Json, kind, findings);
  });
  return { problems, resource: problems.some(({ severity }) => severity === "error") ? undefined : resource };
}

function resourceIn(value: Json, kind: ResourceKindName, findings: Findings): DescribedResource | undefined {
  const { [kind]: id, ...given } = value;
  const rest = kind === "alert-rule" ? withoutTests(given) : given;
  const { id: idField } = resourceKinds[kind];
  if (typeof id !== "string" || id === "") {
    findings.error("missing_value", [kind], `expected the id of the ${kind}, got none`);
    return;
  }
  const { from, ...described } = rest;
  const body = kind === "secret" ? described : rest;
  const isReadable = Object.keys(body).map((field) => isKnownField(kind, field, findings));
  if (isReadable.includes(false)) return;
  if (kind === "secret" && from !== undefined && !(typeof from === "string" && /^(?:env|file):./.test(from)))
    findings.error(
      "wrong_value",
      ["from"],
      "expected `env:NAME` or `file:PATH`; a file never has the value itself",
    );
  const read = messageIn(kind, { ...body, [idField]: id }, findings);
  if (read === undefined) return;
  return {
    kind,
    id,
    spec: specOf(kind, { ...body, [idField]: id }),
    setsPaused: "paused" in rest,
    ...(kind === "secret" && typeof from === "string" && { from }),
  };
}

/** Reports the problem of a key. Returns whether the rest can be read with it. */
function isKnownField(kind: ResourceKindName, field: string, findings: Findings): boolean {
  const known = fieldsOf(kind);
  if (known.includes(field)) return true;
  const { type } = resourceKinds[kind];
  const isOfPlatform = schema.messages[type]?.fields.some(({ json }) => json === field) === true;
  if (isOfPlatform) {
    const message = "expected a field that a file can set, got one that the platform sets";
    findings.error("unknown_key", [field], message, { key: true });
    return true;
  }
  const suggestion = didYouMean(field, known);
  findings.error("unknown_key", [field], `unknown key "${field}"${suggestion}`, {
    key: true,
    ...(suggestion === "" && { expected: `one of ${known.join(", ")}` }),
  });
  return false;
}

/** `tutti alert-rule test` runs the tests in the file of a rule. */
function withoutTests({ tests: _, ...rest }: Json): Json {
  return rest;
}

function messageIn(kind: ResourceKindName, json: Json, findings: Findings): object | undefined {
  const { type, rpc, request, at, id } = resourceKinds[kind] as ResourceKind;
  let message: object;
  try {
    message = mapping.read(type, json);
  } catch (error) {
    if (!isTuttiError(error)) throw error;
    for (const { field, message: problem } of error.violations)
      findings.error("wrong_value", stepsOf(field), problem, { key: problem.startsWith("unknown field") });
    return;
  }
  const found: FieldViolation[] = [];
  const empty = rpc.request.decode(new Uint8Array());
  rpc.check({ ...empty, ...request(message) }, found);
  for (const { field, message: problem } of found) {
    const inside = at !== "" && field.startsWith(`${at}.`) ? field.slice(at.length + 1) : field;
    const steps = stepsOf(inside).map((step) =>
      typeof step === "string"
        ? step.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
        : step,
    );
    findings.error("wrong_value", steps[0] === id ? [kind] : steps, problem);
  }
  return found.length === 0 ? message : undefined;
}

/** Splits a path such as `rates[0].count`. */
function stepsOf(field: string): (string | number)[] {
  return [...field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, name]) => (index === undefined ? (quoted ?? name ?? "") : Number(index)),
  );
}

function isSettable(kind: ResourceKindName, field: string): boolean {
  return !unsettable.has(field) || (settableAll[kind]?.includes(field) ?? false);
}

const mapping = new Mapping(schema);

/**
 * Returns the part of a resource that a file can describe, parsed and written again, so that empty fields are the same
 * everywhere.
 */
export function specOf(kind: ResourceKindName, resource: Json): Json {
  const { type, id, defaults } = resourceKinds[kind] as ResourceKind;
  const known = new Set(fieldsOf(kind));
  const set = Object.entries({ ...defaults, ...resource }).filter(
    ([field]) =>
      field === id || (known.has(field) && field !== "paused") || (field === "paused" && kind === "scaler"),
  );
  const { [id]: _, ...spec } = withoutEmpty(
    mapping.message(type, mapping.read(type, Object.fromEntries(set))),
  );
  return spec;
}

function withoutEmpty(message: Json): Json {
  return Object.fromEntries(
    Object.entries(message).filter(([, value]) => {
      if (value === undefined || value === "" || value === false || value === 0) return false;
      return !(typeof value === "object" && value !== null && Object.keys(value).length === 0);
    }),
  );
}

/** Returns the fields that a file of a kind can set, without its id. */
function fieldsOf(kind: ResourceKindName): readonly string[] {
  const { type, id } = resourceKinds[kind] as ResourceKind;
  const fields = schema.messages[type]?.fields ?? [];
  return fields.map(({ json }) => json).filter((field) => field !== id && isSettable(kind, field));
}

/** Returns fields of a kind with the values that remove them in an update. Undefined for a part of a oneof. */
export function emptyFields(kind: ResourceKindName): Json {
  const { type } = resourceKinds[kind] as ResourceKind;
  const settable = new Set(fieldsOf(kind));
  const fields = (schema.messages[type]?.fields ?? []).filter(
    ({ json, oneof }) => settable.has(json) && oneof === undefined,
  );
  return Object.fromEntries(
    fields.map(({ json, many }) => [json, many === "list" ? [] : many === "map" ? {} : null]),
  );
}
