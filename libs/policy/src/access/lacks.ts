/**
 * The actions that an identity may not do on any resource, and the remedies. So a page does not offer a
 * refused action, and a denied caller knows how to get the right.
 */
import type { BundleContent, Role, Scope } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { fromTimestamp } from "@tutti/kernel";
import { matchesAny } from "./action-pattern.ts";
import type { PolicyEvaluator } from "./policy-evaluator.ts";
import { builtInRoles, systemNamespace } from "./roles.ts";
import type { NamedAction } from "./vocabulary.ts";

export interface Lack {
  readonly action: string;
  /** By the scope of the credential, by a policy, or because nothing permits it. */
  readonly why: "narrowed" | "forbidden" | "missing";
  /** Roles that permit it, the smallest first. Empty if none would help. */
  readonly roles: readonly string[];
}

export interface LackQuestion {
  readonly actor: Actor;
  readonly groups: readonly string[];
  /** The tenant of the credential. Empty if it is valid in every namespace. */
  readonly home: string;
  readonly scope: Scope;
  readonly namespace: string;
}

type RoleContent = Pick<BundleContent, "roles" | "bindings">;

/** The action that gives a role. */
const grantAction = "governance.bindings.create";

/** @param wide the evaluator for the wide reading of the content */
export function lacksOf(
  wide: PolicyEvaluator,
  content: RoleContent,
  { actor, groups, home, scope, namespace }: LackQuestion,
  named: readonly NamedAction[],
  nowMs: number,
): readonly Lack[] {
  const isForeign = home !== "" && home !== systemNamespace && home !== namespace;
  const isNarrowed = (action: string): boolean =>
    isForeign ||
    (scope.actions.length > 0 && !matchesAny(scope.actions, action)) ||
    (scope.namespaces.length > 0 && !scope.namespaces.includes(namespace));
  const roles = rolesIn(content, namespace, named);
  return named.flatMap(({ action, resource }): Lack[] => {
    if (isNarrowed(action)) return [{ action, why: "narrowed", roles: [] }];
    const about = { action, namespace, resourceKind: resource, resourceId: "", labels: {} };
    const { allowed, policies } = wide.decide({ actor, groups, ...about }, nowMs);
    if (allowed) return [];
    if (policies.length > 0) return [{ action, why: "forbidden", roles: [] }];
    const helping = roles.filter((role) => matchesAny(role.actions, action)).map(({ role }) => role);
    return [{ action, why: "missing", roles: helping }];
  });
}

/** Returns the identities that can give a role there, as `person:ada` and `group:ops`. */
export function grantersIn(
  { roles, bindings }: RoleContent,
  namespace: string,
  nowMs: number,
): readonly string[] {
  const grantingRoles = new Set(
    [...builtInRoles, ...roles]
      .filter(({ actions }) => matchesAny(actions, grantAction))
      .map((role) => `${role.namespace}/${role.role}`),
  );
  const givers = bindings
    .filter((binding) => binding.namespace === namespace || binding.namespace === systemNamespace)
    .filter(({ expireTime }) => expireTime === undefined || fromTimestamp(expireTime) > nowMs)
    .filter(({ role, namespace: roleNamespace }) =>
      [roleNamespace, systemNamespace].some((scope) => grantingRoles.has(`${scope}/${role}`)),
    )
    .flatMap(({ subject }) => {
      if (subject?.$case === "actor")
        return [`${kindNames[subject.value.kind] ?? "unknown"}:${subject.value.id}`];
      return subject?.$case === "group" ? [`group:${subject.value}`] : [];
    });
  return [...new Set(givers)].sort();
}

const kindNames: Readonly<Partial<Record<ActorKind, string>>> = {
  [ActorKind.ACTOR_KIND_PERSON]: "person",
  [ActorKind.ACTOR_KIND_SERVICE]: "service",
  [ActorKind.ACTOR_KIND_AGENT]: "agent",
};

/** Returns the roles that can be given in a namespace, the smallest first. Its own roles override others. */
function rolesIn({ roles }: RoleContent, namespace: string, named: readonly NamedAction[]): readonly Role[] {
  const known = new Map<string, Role>();
  for (const scope of [systemNamespace, namespace])
    for (const role of [...builtInRoles, ...roles]) if (role.namespace === scope) known.set(role.role, role);
  const breadth = ({ actions }: Role): number =>
    named.filter(({ action }) => matchesAny(actions, action)).length;
  return [...known.values()]
    .map((role) => ({ role, width: breadth(role) }))
    .sort((one, other) => one.width - other.width)
    .map(({ role }) => role);
}
