/**
 * Authorizes callers by the current bundle.
 *
 * 1. Principals of the installation (its services, and the administrator of this machine) have no credential, and no
 *    bundle applies to them. A process must be able to fetch the first bundle, and an administrator who forbids
 *    everything by mistake must be able to revert that.
 * 2. All others may do what the bundle permits, within their credential: its scope, and its tenant.
 * 3. Without a current bundle nothing is permitted to them.
 */
import type { BundleContent } from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import type { CredentialClaims, Labels, Principal } from "@tutti/kernel";
import type { Decision, Denial, Rule } from "@tutti/mesh";
import {
  type Cedar,
  grantersIn,
  type Lack,
  lacksOf,
  type NamedAction,
  PolicyEvaluator,
  type Question,
  scopeFault,
  systemNamespace,
  type Verdict,
  wideEvaluator,
} from "@tutti/policy";
import { LabelledRights } from "./labelled-rights.ts";
import { noLabels } from "./resource-labels.ts";
import { actorKinds, type Visitor } from "./visitor.ts";

/** A decision with its basis. */
export interface Authorization {
  readonly decision: Decision;
  readonly question: Question;
  /** Undefined if no policy was evaluated. */
  readonly verdict: Verdict | undefined;
}

/** Missing rights of an identity for any resource, and the principals that could grant them. */
export interface MissingRights {
  /** Its roles. */
  readonly roles: readonly string[];
  readonly lacks: readonly Lack[];
  /** `person:ada`, `group:ops` */
  readonly givers: readonly string[];
}

const allowed: Decision = { allowed: true };

export class Authorizer {
  readonly #evaluator: PolicyEvaluator;
  readonly #cedar: Cedar | undefined;
  readonly #content: BundleContent;
  readonly #labelled: LabelledRights;
  #wide: PolicyEvaluator | undefined;
  /** Roles of an identity, by the verdict that contains them. The policy evaluator caches verdicts. */
  readonly #found = new WeakMap<Verdict, Found>();

  constructor(cedar: Cedar | undefined, content: BundleContent) {
    this.#evaluator = new PolicyEvaluator(cedar, content);
    this.#cedar = cedar;
    this.#content = content;
    this.#labelled = new LabelledRights(content);
  }

  /** Returns whether the labels of an object are needed to decide about an identity. */
  needsLabels(principal: Visitor): boolean {
    return this.#labelled.countFor(principal);
  }

  /** Decides a call of a caller with a credential. */
  authorize(
    principal: Visitor,
    rule: Rule,
    namespace: string,
    nowMs: number,
    labels: Labels = noLabels,
  ): Authorization {
    const question = questionOf(principal, rule, namespace, labels);
    const { credential } = principal;
    const fault = faultOf(credential, rule, namespace, labels);
    if (fault !== undefined) return { decision: { allowed: false, ...fault }, question, verdict: undefined };
    const verdict = this.#evaluator.decide(question, nowMs);
    if (!verdict.allowed) return { decision: refusedBy(verdict), question, verdict };
    const known = { ...principal, ...this.#foundBy(verdict, question) };
    return { decision: { allowed: true, principal: known }, question, verdict };
  }

  missing(visitor: Visitor, namespace: string, named: readonly NamedAction[], nowMs: number): MissingRights {
    const { kind, id, credential } = visitor;
    this.#wide ??= wideEvaluator(this.#cedar, this.#content);
    const { groups, scope, namespace: home } = credential;
    const actor: Actor = { kind: actorKinds[kind], id };
    const question = { actor, groups, home, scope, namespace };
    return {
      roles: this.rolesOf(visitor, namespace, nowMs),
      lacks: lacksOf(this.#wide, this.#content, question, named, nowMs),
      givers: grantersIn(this.#content, namespace, nowMs),
    };
  }

  rolesOf({ kind, id, credential }: Visitor, namespace: string, nowMs: number): readonly string[] {
    const { groups } = credential;
    return this.#evaluator.rolesOf({ actor: { kind: actorKinds[kind], id }, groups }, namespace, nowMs);
  }

  #foundBy(verdict: Verdict, question: Question): Found {
    let found = this.#found.get(verdict);
    if (found === undefined) {
      const policies = verdict.policies.map(({ policyId }) => policyId);
      const roleNames = policies
        .filter((id) => id.startsWith(rolePrefix))
        .map((id) => id.slice(rolePrefix.length));
      found = {
        roles: [...new Set([...roleNames, ...this.#evaluator.allGroupsOf(question, question.namespace)])],
        right: [...new Set(policies)].join(", ").slice(0, rightMax),
      };
      this.#found.set(verdict, found);
    }
    return found;
  }
}

type Found = Required<Pick<Principal, "roles" | "right">>;

const rolePrefix = "role:";
/** Maximum length of the text in records. */
const rightMax = 200;

/** Returns the decision for principals of the installation. Undefined for all others. */
export function ofItsOwn({ roles }: Principal): Decision {
  return roles.includes("admin") ? allowed : { allowed: false, reason: "it showed no key or token" };
}

function questionOf(
  { kind, id, credential }: Visitor,
  rule: Rule,
  namespace: string,
  labels: Labels,
): Question {
  const actor: Actor = { kind: actorKinds[kind], id };
  const { action, resource: resourceKind, within } = rule;
  const resourceId = within?.kind === resourceKind ? within.id : "";
  return { actor, groups: credential.groups, action, namespace, resourceKind, resourceId, labels };
}

/** Returns why a credential is not valid for this request. Undefined if it is. */
function faultOf(
  credential: CredentialClaims,
  rule: Rule,
  namespace: string,
  labels: Labels,
): Omit<Denial, "allowed"> | undefined {
  const { namespace: own, scope } = credential;
  if (own !== "" && own !== systemNamespace && own !== namespace) {
    const reason = `the credential is of namespace \`${own}\``;
    return {
      reason,
      remedy: `Send the request in namespace \`${own}\`, or use a credential of this namespace.`,
      home: own,
    };
  }
  const { action, within } = rule;
  const work = within === undefined ? undefined : { namespace, ...within, task: "" };
  const reason = scopeFault(scope, { action, namespace, labels, work });
  return reason === undefined ? undefined : { reason, remedy: "Use a credential with a wider scope." };
}

function refusedBy({ policies, errors }: Verdict): Decision {
  const named = policies.map(({ namespace, policyId, reason }) =>
    reason === "" ? `${namespace}/${policyId}` : `${namespace}/${policyId} (${reason})`,
  );
  const faults = errors.length === 0 ? "" : `; faults: ${errors.join("; ")}`;
  if (named.length === 0) return { allowed: false, reason: `no role or policy permits it${faults}` };
  const remedy = "Ask an administrator to change the policies, or use another resource.";
  return { allowed: false, reason: `forbidden by ${named.join(", ")}${faults}`, remedy };
}
