/**
 * The settings of a tenant, folded from its events. Only folds change it.
 *
 * What is marked as following from the rest is not kept in snapshots.
 */
import type {
  AdmissionRule,
  ApiKey,
  IdentityLimit,
  IssuedToken,
  Lockout,
  Namespace,
  PastRule,
  Policy,
  Principal,
  Role,
  RoleBinding,
  TenantPoliciesAppliedV1,
} from "@tutti/contracts/governance/v1";
import type { Actor, Cause } from "@tutti/contracts/types/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";
import { type Kept, type Since, since } from "../index.ts";

export interface Tenant {
  /** Counts every change of anything in it. */
  changes: number;
  /** How the namespace is to be. Undefined if not set. */
  namespace: Kept<Namespace> | undefined;
  /** By kind and id. */
  readonly principals: Map<string, Kept<Principal>>;
  readonly roles: Map<string, Kept<Role>>;
  readonly bindings: Map<string, Kept<RoleBinding>>;
  /** By kind and id. The default has an empty name. */
  readonly limits: Map<string, Kept<IdentityLimit>>;
  readonly rules: Map<string, Kept<AdmissionRule>>;
  readonly keys: Map<string, KeptKey>;
  readonly tokens: Map<string, KeptToken>;
  /** Policies as they were before the first version that is kept. */
  base: ReadonlyMap<string, Kept<Policy>>;
  /** The oldest first. */
  readonly versions: TenantPoliciesAppliedV1[];
  /** Lockouts because of guessing, by subject. Some may have ended. */
  readonly lockouts: Map<string, Lockout>;
  /** Rules as they were. Those that ended first at the beginning. */
  readonly pastRules: PastRule[];
  /** When what has ended is to be forgotten. 0 where there is nothing. */
  forgetMs: number;

  /** All below follows from the rest. */
  readonly policies: Map<string, Kept<Policy>>;
  /** What all of it weighs. */
  weight: number;
}

export interface KeptKey {
  readonly key: ApiKey;
  readonly hash: string;
  /** 0 when it was not. */
  readonly revokeMs: number;
}

export interface KeptToken {
  readonly token: IssuedToken;
  /** When it was revoked or exchanged. 0 when it was not. */
  readonly revokeMs: number;
}

/** What deciders see. */
export type TenantView = ReadOnly<Tenant>;
export type TenantEvent<Body> = MachineEvent<Tenant, never, Body>;
export type TenantCommand<Body, Reply> = Command<Tenant, Body, Reply, never>;

export function newTenant(): Tenant {
  return {
    changes: 0,
    namespace: undefined,
    base: new Map(),
    versions: [],
    forgetMs: 0,
    weight: 0,
    principals: new Map(),
    roles: new Map(),
    bindings: new Map(),
    limits: new Map(),
    rules: new Map(),
    keys: new Map(),
    tokens: new Map(),
    policies: new Map(),
    lockouts: new Map(),
    pastRules: [],
  };
}

/** Counts a change, and returns its record. */
export function changed(
  tenant: Tenant,
  atMs: number,
  cause: Cause | undefined,
  before: Since | undefined,
): Since {
  tenant.changes += 1;
  return since(atMs, cause, before, tenant.changes);
}

/** Unique among all actors. The default is empty. */
export function actorKey(actor: ReadOnly<Actor> | undefined): string {
  return actor === undefined ? "" : `${actor.kind}:${actor.id}`;
}
