/**
 * Decides which callers may do which actions, by one bundle.
 *
 * 1. An action that nothing permits is denied. An action that one statement forbids is denied, even if others
 *    permit it.
 * 2. The policies of a namespace apply only to its resources. Those of `system` apply to everything.
 * 3. A decision is remembered with all its inputs, until the bundle changes or a binding ends.
 * 4. A statement with an evaluation error is skipped and reported. It never permits.
 */
import {
  type BundleContent,
  Enforcement,
  type PolicyReference,
  type Principal,
} from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { assert, keepNewest, type Labels } from "@tutti/kernel";
import { Bindings, type GrantedRole, grants, type Identity } from "./bindings.ts";
import type { Cedar, CedarEntity, CedarValue } from "./cedar.ts";
import { builtInRoles, systemNamespace } from "./roles.ts";
import { type Slice, Slices } from "./slices.ts";
import { parseStatements, type Statement } from "./statements.ts";
import { entityType, groupsOf, principalTypes } from "./vocabulary.ts";

export interface Question extends Identity {
  readonly action: string;
  readonly namespace: string;
  readonly resourceKind: string;
  /** Empty for any resource. */
  readonly resourceId: string;
  readonly labels: Labels;
  /** Further facts for policies. Absent if there are none. */
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The policies that permitted or forbade it. Empty if none permitted it. */
  readonly policies: readonly PolicyReference[];
  /** The decision if shadow policies were enforced. Undefined if it is the same. */
  readonly shadow: { readonly allowed: boolean; readonly policies: readonly PolicyReference[] } | undefined;
  readonly errors: readonly string[];
}

type DecidingContent = Pick<BundleContent, "policies" | "roles" | "bindings" | "principals">;

interface Remembered {
  readonly verdict: Verdict;
  readonly untilMs: number;
}

const rememberedMax = 20_000;

export class PolicyEvaluator {
  readonly #cedar: Cedar | undefined;
  readonly #slices: Slices;
  readonly #bindings: Bindings;
  readonly #principals = new Map<string, Principal>();
  readonly #statements = new Map<string, Statement>();
  readonly #remembered = new Map<string, Remembered>();
  /** Unreadable policies: an earlier release accepted them. */
  readonly unreadable: readonly string[];

  /** `cedar` is needed if there are policies. */
  constructor(cedar: Cedar | undefined, content: DecidingContent) {
    this.#cedar = cedar;
    const unreadable: string[] = [];
    for (const policy of content.policies) {
      if (policy.enforcement === Enforcement.ENFORCEMENT_OFF) continue;
      const isShadow = policy.enforcement === Enforcement.ENFORCEMENT_SHADOW;
      assert(cedar !== undefined, "policies come with Cedar", { policy: policy.policyId });
      const parsed = parseStatements(cedar, policy, isShadow);
      if (parsed.kind === "refused") unreadable.push(`${policy.namespace}/${policy.policyId}`);
      else for (const statement of parsed.statements) this.#statements.set(statement.id, statement);
    }
    this.unreadable = unreadable;
    this.#slices = new Slices(cedar, [...this.#statements.values()], [systemNamespace]);
    this.#bindings = new Bindings([...builtInRoles, ...content.roles], content.bindings);
    for (const principal of content.principals) {
      const { namespace, actor } = principal;
      if (actor !== undefined) this.#principals.set(principalKey(namespace, actor), principal);
    }
  }

  decide(question: Question, nowMs: number): Verdict {
    const { action, namespace } = question;
    const slice = this.#slices.of(namespace, action);
    const key = keyOf(question, slice);
    const known = this.#remembered.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.verdict;
    const decided = this.#decide(question, slice, nowMs);
    keepNewest(this.#remembered, key, decided, rememberedMax);
    return decided.verdict;
  }

  /** Returns the names of the roles of an identity in a namespace, also for only some resources. */
  rolesOf({ actor, groups }: Identity, namespace: string, nowMs: number): readonly string[] {
    const identity = { actor, groups: this.allGroupsOf({ actor, groups }, namespace) };
    return [
      ...new Set([...this.#bindings.anywhere(identity, namespace, nowMs)].map(({ role }) => role.role)),
    ];
  }

  /** Returns the groups of a credential, and those of its principal. */
  allGroupsOf({ actor, groups }: Identity, namespace: string): readonly string[] {
    return [...new Set([...groups, ...(this.#principalOf(namespace, actor)?.groups ?? [])])];
  }

  #decide(question: Question, slice: Slice, nowMs: number): Remembered {
    const { action, actor, namespace, labels } = question;
    const principal = this.#principalOf(namespace, actor);
    const forever = Number.POSITIVE_INFINITY;
    // A forbidden identity may not act, even if a policy permits.
    if (principal?.disabled === true) return { verdict: denied([disabledBy(principal)]), untilMs: forever };
    const identity: Identity = { actor, groups: this.allGroupsOf(question, namespace) };
    const { roles, untilMs } = this.#bindings.rolesFor(identity, namespace, labels, nowMs);
    const granted = roles.filter((role) => grants(role, action)).map(referenceOf);
    const input = { question, identity, roles, principal };
    if (slice.statements.length === 0) {
      const verdict = { allowed: granted.length > 0, policies: granted, shadow: undefined, errors: [] };
      return { verdict, untilMs };
    }
    const counting = this.#judge(slice.enforced, input, granted);
    if (slice.shadowSet === undefined) return { verdict: { ...counting, shadow: undefined }, untilMs };
    const { allowed, policies } = this.#judge(slice.shadowSet, input, granted);
    const differs = allowed !== counting.allowed;
    return { verdict: { ...counting, shadow: differs ? { allowed, policies } : undefined }, untilMs };
  }

  #judge(set: string, input: EvaluationInput, granted: readonly PolicyReference[]): Omit<Verdict, "shadow"> {
    assert(this.#cedar !== undefined, "statements come with Cedar");
    const answer = this.#cedar.statefulIsAuthorized({ ...requestOf(input), preparsedPolicySetId: set });
    if (answer.type === "failure") {
      return { allowed: false, policies: [], errors: answer.errors.map(({ message }) => message) };
    }
    const { decision, diagnostics } = answer.response;
    // Cedar lists them in any order. The same question must have the same answer.
    const reasons = [...diagnostics.reason].sort().flatMap((id) => this.#statements.get(id)?.reference ?? []);
    const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`).sort();
    if (decision === "allow") return { allowed: true, policies: [...granted, ...reasons], errors };
    // With a reason, a policy forbade it. Without one, nothing permitted it here.
    if (reasons.length > 0) return { allowed: false, policies: reasons, errors };
    return { allowed: granted.length > 0, policies: granted, errors };
  }

  #principalOf(namespace: string, actor: Actor): Principal | undefined {
    return (
      this.#principals.get(principalKey(namespace, actor)) ??
      this.#principals.get(principalKey(systemNamespace, actor))
    );
  }
}

interface EvaluationInput {
  readonly question: Question;
  readonly identity: Identity;
  readonly roles: readonly GrantedRole[];
  readonly principal: Principal | undefined;
}

function requestOf({ question, identity, roles, principal }: EvaluationInput) {
  const { action, namespace, resourceKind, resourceId, labels, context = {} } = question;
  const own = { type: principalTypes[identity.actor.kind] ?? "Unknown", id: identity.actor.id };
  const resourceEntity = { type: entityType(resourceKind) || "Thing", id: resourceId };
  const actionEntity = { type: "Action", id: action };
  const place = { type: "Namespace", id: namespace };
  const acting: CedarEntity = {
    uid: own,
    attrs: {},
    parents: [
      ...identity.groups.map((id) => ({ type: "Group", id })),
      ...roles.map(({ role }) => ({ type: "Role", id: role.role })),
    ],
    tags: { ...principal?.labels },
  };
  const within = isSameEntity(resourceEntity, place) ? [] : [place];
  const entities: CedarEntity[] = [
    { uid: actionEntity, attrs: {}, parents: groupsOf(action).map((id) => ({ type: "Action", id })) },
    // A caller that acts on itself is one entity, with the attributes of the principal.
    ...(isSameEntity(own, resourceEntity)
      ? [{ ...acting, parents: [...acting.parents, ...within], tags: { ...labels, ...acting.tags } }]
      : [acting, { uid: resourceEntity, attrs: {}, parents: within, tags: { ...labels } }]),
  ];
  return {
    principal: own,
    action: actionEntity,
    resource: resourceEntity,
    context: contextOf(context),
    entities,
  };
}

interface EntityName {
  readonly type: string;
  readonly id: string;
}

function isSameEntity(one: EntityName, other: EntityName): boolean {
  return one.type === other.type && one.id === other.id;
}

function contextOf(context: Readonly<Record<string, unknown>>): Record<string, CedarValue> {
  const found: Record<string, CedarValue> = {};
  for (const [name, value] of Object.entries(context)) {
    // Cedar refuses an unreadable value, which denies.
    found[name] =
      name === "address" && typeof value === "string"
        ? { __extn: { fn: "ip", arg: value } }
        : (value as CedarValue);
  }
  return found;
}

function referenceOf({ role, binding }: GrantedRole): PolicyReference {
  const { namespace, bindingId } = binding;
  return { namespace, policyId: `role:${role.role}`, statement: 0, reason: `bound by ${bindingId}` };
}

function disabledBy({ namespace }: Principal): PolicyReference {
  return { namespace, policyId: "principal:disabled", statement: 0, reason: "it may not act" };
}

function denied(policies: readonly PolicyReference[]): Verdict {
  return { allowed: false, policies, shadow: undefined, errors: [] };
}

function principalKey(namespace: string, { kind, id }: Actor): string {
  return `${namespace} ${kind}:${id}`;
}

/**
 * Returns a key with all inputs of a decision. It is unambiguous: a line break is possible only in the last
 * part.
 */
function keyOf(
  { actor, groups, action, namespace, resourceKind, resourceId, labels, context }: Question,
  { dependsOnId, dependsOnContext }: Slice,
): string {
  const parts = [actor.kind, actor.id, groups, action, namespace, resourceKind];
  const considered = [
    parts,
    dependsOnId ? resourceId : "",
    sorted(labels),
    dependsOnContext ? sorted(context ?? {}) : "",
  ];
  return JSON.stringify(considered);
}

function sorted(values: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
}
