import type { Role, RoleBinding } from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { fromTimestamp, type Labels, labelsMatch } from "@tutti/kernel";
import { matchesAny } from "./action-pattern.ts";
import { systemNamespace } from "./roles.ts";

/** An identity, with its groups. */
export interface Identity {
  readonly actor: Actor;
  readonly groups: readonly string[];
}

/** A role of an identity for a resource, and its binding. */
export interface GrantedRole {
  readonly role: Role;
  readonly binding: RoleBinding;
}

export interface GrantedRoles {
  readonly roles: readonly GrantedRole[];
  /** The latest time until which this is valid. */
  readonly untilMs: number;
}

/** Roles of identities, indexed by subject: a thousand bindings of others cost nothing. */
export class Bindings {
  readonly #roles = new Map<string, Role>();
  readonly #bySubject = new Map<string, RoleBinding[]>();

  constructor(roles: readonly Role[], bindings: readonly RoleBinding[]) {
    for (const role of roles) this.#roles.set(`${role.namespace}/${role.role}`, role);
    for (const binding of bindings) {
      const subject = subjectOf(binding);
      if (subject === undefined) continue;
      const key = `${binding.namespace} ${subject}`;
      const others = this.#bySubject.get(key);
      if (others === undefined) this.#bySubject.set(key, [binding]);
      else others.push(binding);
    }
  }

  /** Returns the roles of an identity in a namespace for a resource with these labels. */
  rolesFor({ actor, groups }: Identity, namespace: string, labels: Labels, nowMs: number): GrantedRoles {
    const roles: GrantedRole[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    for (const granted of this.anywhere({ actor, groups }, namespace, nowMs)) {
      if (!labelsMatch(labels, granted.binding.resources)) continue;
      roles.push(granted);
      untilMs = Math.min(untilMs, endOf(granted.binding));
    }
    return { roles, untilMs };
  }

  /** Yields the roles of an identity in a namespace, including those for only some resources. */
  *anywhere({ actor, groups }: Identity, namespace: string, nowMs: number): Generator<GrantedRole, void> {
    const subjects = [ofActor(actor), ...groups.map(ofGroup)];
    for (const scope of namespace === systemNamespace ? [namespace] : [systemNamespace, namespace])
      for (const subject of subjects)
        for (const binding of this.#bySubject.get(`${scope} ${subject}`) ?? []) {
          const role = this.#roleOf(binding);
          if (role !== undefined && endOf(binding) > nowMs) yield { role, binding };
        }
  }

  /** Returns a role of the namespace, else the role of the installation with this name. */
  #roleOf({ namespace, role }: RoleBinding): Role | undefined {
    return this.#roles.get(`${namespace}/${role}`) ?? this.#roles.get(`${systemNamespace}/${role}`);
  }
}

function endOf({ expireTime }: Pick<RoleBinding, "expireTime">): number {
  return expireTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(expireTime);
}

/** Returns whether a role permits an action. */
export function grants({ role }: GrantedRole, action: string): boolean {
  return matchesAny(role.actions, action);
}

function subjectOf({ subject }: RoleBinding): string | undefined {
  switch (subject?.$case) {
    case "actor":
      return ofActor(subject.value);
    case "group":
      return ofGroup(subject.value);
    default:
      return;
  }
}

function ofActor({ kind, id }: Actor): string {
  return `${kind}:${id}`;
}

function ofGroup(group: string): string {
  return `group:${group}`;
}
