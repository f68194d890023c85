/**
 * The pools that this process owns, by namespace and name.
 *
 * 1. Every namespace has the pool named `default`, and those that the configuration names. Callers create
 *    others. Each is opened at the first request, with its stored configuration.
 * 2. A pool is here as long as its partition is owned here. When the partition is released, or the pool is
 *    deleted, its listeners are called once, and the pool is forgotten.
 */
import type { Assign } from "@tutti/contracts/agent/v1";
import type { Pool as PoolMessage } from "@tutti/contracts/swarm/v1";
import type { CallContext, Chance, Owner, Timers } from "@tutti/kernel";
import { newPool, type PoolView } from "@tutti/machine-entities/pool";
import {
  type AgentChange,
  openPool,
  type Pool,
  type PoolSettings,
  type ReservedStarts,
} from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import type { PoolTime } from "./pool-time.ts";
import { type RollCall, Settling } from "./settling.ts";
import type { PoolTenancy } from "./tenancy.ts";
import { Tenant } from "./tenant.ts";
import type { Turns } from "./turns.ts";

export const defaultPool = "default";

export interface PoolDirectoryParts {
  readonly turns: Turns;
  readonly now: PoolTime;
  readonly chance: Chance;
  readonly timers: Timers;
  /** Maximum time that a moved pool waits for its agents. */
  readonly settleMs: number;
  /** Returns the expected agents of a pool. */
  readonly callRoll: RollCall;
  /** Instance id of this process. */
  readonly owner: string;
  /** Names of the pools of every namespace in addition to `default`. */
  readonly names: readonly string[];
  readonly tenancy: PoolTenancy;
  /** The settings of all pools. */
  readonly settings: Partial<PoolSettings>;
  /** Settings of a pool that was never created. */
  readonly configured: PoolMessage;
  /** The stored state of a pool. Undefined if there is none. */
  readonly read: (namespace: string, name: string) => Promise<PoolView | undefined>;
  readonly onAgentChange: (pool: Pool, change: AgentChange) => void;
  /** Called when agents of a pool may offer something else, or a pool left with its agents. */
  readonly onOffersChange: () => void;
  readonly onAssigned: (pool: Pool, agentId: string, assign: Assign) => void;
  /** Stores starts that the rates of a pool pay for. */
  readonly reserve: (pool: Pool, starts: readonly ReservedStarts[]) => void;
}

/** Called with a pool that is no longer owned here, and its owner if known. */
export type ReleaseListener = (pool: Pool, owner: Owner | undefined) => void;
/** Called with a pool that was opened or reconfigured. */
export type TenantListener = (tenant: Tenant) => void;

/** The epoch of a partition without an earlier owner. */
const firstEpoch = 1;
/** Maximum time until a disconnected agent greets a new owner. */
const gatherMs = 10_000;

export class PoolDirectory {
  readonly turns: Turns;
  readonly #parts: PoolDirectoryParts;
  readonly #tenants = new Map<string, Tenant>();
  readonly #opening = new Map<string, Promise<Tenant>>();
  readonly #names: ReadonlySet<string>;
  readonly #settlings = new Map<Pool, Settling>();
  readonly #listeners = new Set<ReleaseListener>();
  readonly #tenantListeners = new Set<TenantListener>();
  /** Last arrival time of each partition that had an earlier owner. */
  readonly #movedMs = new Map<number, number>();

  constructor(parts: PoolDirectoryParts) {
    this.turns = parts.turns;
    this.#parts = parts;
    this.#names = new Set([defaultPool, ...parts.names]);
    parts.tenancy.onReleasing((partition) => this.#release(partition));
    parts.tenancy.onAcquired((partition, epoch) => {
      if (epoch > firstEpoch) this.#movedMs.set(partition, parts.now());
    });
  }

  /** The open pools, ordered by namespace and name. */
  get all(): readonly Pool[] {
    return [...this.#tenants].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, { pool }]) => pool);
  }

  /** Returns the open pools of a namespace, ordered by name. */
  of(namespace: string): readonly Pool[] {
    return this.all.filter((pool) => pool.namespace === namespace);
  }

  /** Names of pools that every namespace has without creating them. */
  get configuredNames(): ReadonlySet<string> {
    return this.#names;
  }

  /** Whether pools moved here so recently that some of their agents may still be on their way. */
  get isGathering(): boolean {
    return [...this.#movedMs.keys()].some((partition) => this.#isGatheringIn(partition));
  }

  holds(namespace: string, name: string): boolean {
    return this.#parts.tenancy.holds(namespace, name);
  }

  /** Returns the name of one pool of each other owner. */
  otherOwners(namespace: string): readonly string[] {
    return this.#parts.tenancy.otherOwners(namespace);
  }

  /** Waits until this process owns the partition of a pool. Throws if another process owns it. */
  async admittedPartition(
    namespace: string,
    name: string,
    { signal, ownerEpoch = 0 }: AdmittedContext,
  ): Promise<void> {
    await this.#parts.tenancy.admit(namespace, name, { epoch: ownerEpoch, signal });
  }

  /**
   * Returns a pool, as soon as it is owned here. Throws if it does not exist, or if another process owns it
   * (with the name of that process).
   */
  async admitted(namespace: string, name: string, context: AdmittedContext): Promise<Pool> {
    return (await this.tenant(namespace, name, context)).pool;
  }

  /** Returns a pool with its stored state. */
  async tenant(namespace: string, name: string, context: AdmittedContext): Promise<Tenant> {
    await this.admittedPartition(namespace, name, context);
    const key = `${namespace}/${name}`;
    const open = this.#tenants.get(key);
    if (open !== undefined) return open;
    let opening = this.#opening.get(key);
    if (opening === undefined) {
      opening = this.#open(namespace, name).finally(() => this.#opening.delete(key));
      this.#opening.set(key, opening);
    }
    return opening;
  }

  /** Returns a pool that is open and owned here, or throws. */
  requireOwned(namespace: string, name: string): Pool {
    const pool = this.find(namespace, name);
    if (pool !== undefined) return pool;
    throw this.#parts.tenancy.notOwnerError(namespace, name);
  }

  /** Returns the pool, or undefined. */
  find(namespace: string, name: string): Pool | undefined {
    return this.#tenants.get(`${namespace}/${name}`)?.pool;
  }

  /** Returns undefined for a pool that would be owned here and does not exist. */
  ownerOf(namespace: string, name: string): Owner | undefined {
    if (this.holds(namespace, name)) return undefined;
    return this.#parts.tenancy.ownerOf(namespace, name);
  }

  /** Applies the changed state of a pool before it resolves. */
  async refresh(namespace: string, name: string): Promise<Tenant | undefined> {
    const key = `${namespace}/${name}`;
    await this.#opening.get(key)?.catch(() => undefined);
    const tenant = this.#tenants.get(key);
    if (tenant === undefined) return undefined;
    const contents = await this.#parts.read(namespace, name);
    if (this.#tenants.get(key) !== tenant) return undefined;
    if (!this.#exists(name, contents)) {
      this.#close(key, tenant, undefined);
      return undefined;
    }
    // Two concurrent changes may be reported in any order.
    if (contents !== undefined && contents.changes < tenant.contents.changes) return tenant;
    tenant.apply(contents ?? newPool(), this.#parts.now());
    this.turns.schedule(tenant.pool);
    for (const listener of [...this.#tenantListeners]) listener(tenant);
    return tenant;
  }

  /** Registers a listener. Returns a function that removes it. */
  onReleased(listener: ReleaseListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Registers a listener, and calls it for open pools too. Returns a function that removes it. */
  onTenant(listener: TenantListener): () => void {
    this.#tenantListeners.add(listener);
    for (const tenant of this.#tenants.values()) listener(tenant);
    return () => this.#tenantListeners.delete(listener);
  }

  async #open(namespace: string, name: string): Promise<Tenant> {
    const { owner, chance, now, settings, onAgentChange, onAssigned, tenancy, read, configured } =
      this.#parts;
    const epoch = tenancy.epochOf(namespace, name);
    const contents = await read(namespace, name);
    if (!this.#exists(name, contents)) throw swarmErrors.poolUnknown({ namespace, pool: name });
    // The pool has left, and perhaps come back, during the read.
    if (!tenancy.holds(namespace, name) || tenancy.epochOf(namespace, name) !== epoch)
      throw tenancy.notOwnerError(namespace, name);
    const pool: Pool = openPool({
      namespace,
      name,
      owner,
      chance,
      settings,
      epoch,
      openedMs: now(),
      onAgentChange: (change) => {
        onAgentChange(pool, change);
        this.#settlings.get(pool)?.check();
      },
      onOffersChange: this.#parts.onOffersChange,
      onAssigned: (agentId, assign) => onAssigned(pool, agentId, assign),
      reservedStarts: contents?.reservedStarts ?? new Map(),
      reserve: (starts) => this.#parts.reserve(pool, starts),
    });
    const tenant = new Tenant(pool, configured);
    tenant.apply(contents ?? newPool(), now());
    this.#tenants.set(`${namespace}/${name}`, tenant);
    // A pool that is opened later has no agent on its way: the agent would have opened it.
    if (epoch > firstEpoch && this.#isGatheringIn(tenancy.partitionOf(namespace, name)))
      this.#startSettling(tenant);
    for (const listener of [...this.#tenantListeners]) listener(tenant);
    return tenant;
  }

  #isGatheringIn(partition: number): boolean {
    const movedMs = this.#movedMs.get(partition) ?? Number.NEGATIVE_INFINITY;
    return this.#parts.now() - movedMs < gatherMs;
  }

  #exists(name: string, contents: PoolView | undefined): boolean {
    return this.#names.has(name) || contents?.settings !== undefined;
  }

  #startSettling(tenant: Tenant): void {
    const { timers, settleMs, now, callRoll } = this.#parts;
    if (settleMs === 0) return;
    const { pool } = tenant;
    tenant.await("agents", now());
    const settling = new Settling({ pool, timers, settleMs, now }, () => {
      this.#settlings.delete(pool);
      if (this.#tenants.get(`${pool.namespace}/${pool.name}`) !== tenant) return;
      tenant.arrived("agents", now());
      this.turns.schedule(pool);
    });
    this.#settlings.set(pool, settling);
    settling.start(callRoll);
  }

  #release(partition: number): void {
    const { tenancy } = this.#parts;
    for (const [key, tenant] of this.#tenants) {
      const { namespace, name } = tenant.pool;
      if (tenancy.partitionOf(namespace, name) === partition)
        this.#close(key, tenant, tenancy.ownerOf(namespace, name));
    }
  }

  #close(key: string, { pool }: Tenant, owner: Owner | undefined): void {
    this.#tenants.delete(key);
    this.#settlings.get(pool)?.stop();
    this.#settlings.delete(pool);
    for (const listener of [...this.#listeners]) listener(pool, owner);
    this.turns.remove(pool);
    this.#parts.onOffersChange();
  }
}

type AdmittedContext = Pick<CallContext, "signal" | "ownerEpoch">;
