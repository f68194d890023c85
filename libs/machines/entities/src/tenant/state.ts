/**
 * The settings of a tenant, folded from its events. Only folds change it.
 *
 * Fields that follow from other fields are not in snapshots.
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
import { type Since, type Stored, since } from "../index.ts";

export interface Tenant {
  /** Number of changes of any item. */
  changes: number;
  /** Settings of the namespace. Undefined if not set. */
  namespace: Stored<Namespace> | undefined;
  /** Items by kind and id. */
  readonly principals: Map<string, Stored<Principal>>;
  readonly roles: Map<string, Stored<Role>>;
  readonly bindings: Map<string, Stored<RoleBinding>>;
  /** Limits by kind and id. The default has an empty name. */
  readonly limits: Map<string, Stored<IdentityLimit>>;
  readonly rules: Map<string, Stored<AdmissionRule>>;
  readonly keys: Map<string, StoredKey>;
  readonly tokens: Map<string, StoredToken>;
  /** Policies before the first kept version. */
  base: ReadonlyMap<string, Stored<Policy>>;
  /** Versions, the oldest first. */
  readonly versions: TenantPoliciesAppliedV1[];
  /** Lockouts because of guessing, by subject. Some may have ended. */
  readonly lockouts: Map<string, Lockout>;
  /** Earlier rules. Those that ended first come first. */
  readonly pastRules: PastRule[];
  /** Time of the next deletion of ended items. 0 for none. */
  forgetMs: number;

  /** All fields below follow from those above. */
  readonly policies: Map<string, Stored<Policy>>;
  /** Bytes of all items together. */
  weight: number;
}

export interface StoredKey {
  readonly key: ApiKey;
  readonly hash: string;
  /** Time of the revocation. 0 for none. */
  readonly revokeMs: number;
}

export interface StoredToken {
  readonly token: IssuedToken;
  /** Time of the revocation or exchange. 0 for none. */
  readonly revokeMs: number;
}

/** Read-only view for deciders. */
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

/** Returns a key that is unique among all actors. The default is empty. */
export function actorKey(actor: ReadOnly<Actor> | undefined): string {
  return actor === undefined ? "" : `${actor.kind}:${actor.id}`;
}
