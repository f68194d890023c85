import type { Role, RoleBinding } from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { fromTimestamp, type Labels, labelsMatch } from "@tutti/kernel";
import { matchesAny } from "./action-pattern.ts";
import { systemNamespace } from "./roles.ts";

/** An identity, and what is known of it. */
export interface Who {
  readonly actor: Actor;
  readonly groups: readonly string[];
}

/** A role that an identity has for a thing, and by what. */
export interface HeldRole {
  readonly role: Role;
  readonly binding: RoleBinding;
}

export interface HeldRoles {
  readonly held: readonly HeldRole[];
  /** Until when that is so at the latest. */
  readonly untilMs: number;
}

/** Who has which role, found by whom it is about: a thousand bindings of others cost nothing. */
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

  /** Roles that an identity has in a namespace for a thing with these labels. */
  held({ actor, groups }: Who, namespace: string, labels: Labels, nowMs: number): HeldRoles {
    const held: HeldRole[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    for (const one of this.anywhere({ actor, groups }, namespace, nowMs)) {
      if (!labelsMatch(labels, one.binding.resources)) continue;
      held.push(one);
      untilMs = Math.min(untilMs, endOf(one.binding));
    }
    return { held, untilMs };
  }

  /** Roles that an identity has in a namespace, be it for some of its things alone. */
  *anywhere({ actor, groups }: Who, namespace: string, nowMs: number): Generator<HeldRole, void> {
    const subjects = [ofActor(actor), ...groups.map(ofGroup)];
    for (const where of namespace === systemNamespace ? [namespace] : [systemNamespace, namespace])
      for (const subject of subjects)
        for (const binding of this.#bySubject.get(`${where} ${subject}`) ?? []) {
          const role = this.#roleOf(binding);
          if (role !== undefined && endOf(binding) > nowMs) yield { role, binding };
        }
  }

  /** Returns a namespace's own role of the name, else the installation's. */
  #roleOf({ namespace, role }: RoleBinding): Role | undefined {
    return this.#roles.get(`${namespace}/${role}`) ?? this.#roles.get(`${systemNamespace}/${role}`);
  }
}

function endOf({ expireTime }: Pick<RoleBinding, "expireTime">): number {
  return expireTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(expireTime);
}

/** Returns whether a role lets its bearer do something. */
export function grants({ role }: HeldRole, action: string): boolean {
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
