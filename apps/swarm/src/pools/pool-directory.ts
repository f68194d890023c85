/**
 * The pools that this process owns, by namespace and name.
 *
 * 1. Every namespace has the pool named `default`, and those that the configuration names. Callers create others. Each
 *    is opened at the first request, with its stored configuration.
 * 2. A pool is here as long as its partition is owned here. When that is let go of, or when it is deleted, the part
 *    that deals with the pool hears of it once, and the pool is forgotten.
 */
import type { Assign } from "@tutti/contracts/agent/v1";
import type { Pool as PoolMessage } from "@tutti/contracts/swarm/v1";
import type { CallContext, Chance, Owner, Timers } from "@tutti/kernel";
import { newPool, type PoolView } from "@tutti/machine-entities/pool";
import { type AgentChange, openPool, type Pool, type PoolSettings } from "@tutti/matching";
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
  /** How long a pool that has moved here waits for its agents at most. */
  readonly settleMs: number;
  /** Says who is to come to one. */
  readonly callRoll: RollCall;
  /** Instance id of this process. */
  readonly owner: string;
  /** Names of pools that every namespace has beside `default`. */
  readonly names: readonly string[];
  readonly tenancy: PoolTenancy;
  /** The settings of all pools alike. */
  readonly settings: Partial<PoolSettings>;
  /** Settings of a pool that was never created. */
  readonly configured: PoolMessage;
  /** The stored state of a pool. Undefined if there is none. */
  readonly read: (namespace: string, name: string) => Promise<PoolView | undefined>;
  readonly onAgentChange: (pool: Pool, change: AgentChange) => void;
  /** Hears when agents of some pool may offer something else than before, or a pool left with its agents. */
  readonly onOffersChange: () => void;
  readonly onAssigned: (pool: Pool, agentId: string, assign: Assign) => void;
}

/** Told of a pool that is not owned here any more, and who owns it as far as that is known. */
export type LeftListener = (pool: Pool, owner: Owner | undefined) => void;
/** Told of a pool that was opened, or that works otherwise than before. */
export type TenantListener = (tenant: Tenant) => void;

/** Of a partition that had no owner before. */
const firstEpoch = 1;
/** As long as an agent that was cut off may take until it greets a new owner. */
const gatherMs = 10_000;

export class PoolDirectory {
  readonly turns: Turns;
  readonly #parts: PoolDirectoryParts;
  readonly #tenants = new Map<string, Tenant>();
  readonly #opening = new Map<string, Promise<Tenant>>();
  readonly #names: ReadonlySet<string>;
  readonly #settlings = new Map<Pool, Settling>();
  readonly #listeners = new Set<LeftListener>();
  readonly #tenantListeners = new Set<TenantListener>();
  /** When each partition came here last that had been owned before. */
  readonly #movedMs = new Map<number, number>();

  constructor(parts: PoolDirectoryParts) {
    this.turns = parts.turns;
    this.#parts = parts;
    this.#names = new Set([defaultPool, ...parts.names]);
    parts.tenancy.onLeft((partition) => this.#leave(partition));
    parts.tenancy.onTaken((partition, epoch) => {
      if (epoch > firstEpoch) this.#movedMs.set(partition, parts.now());
    });
  }

  /** The pools that are open, ordered by namespace and name. */
  get all(): readonly Pool[] {
    return [...this.#tenants].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, { pool }]) => pool);
  }

  /** Returns the pools of a namespace that are open, ordered by name. */
  of(namespace: string): readonly Pool[] {
    return this.all.filter((pool) => pool.namespace === namespace);
  }

  /** Names of pools of a namespace that exist without being created. */
  get configuredNames(): ReadonlySet<string> {
    return this.#names;
  }

  /** Whether pools came here so lately that agents of theirs may be on their way still. */
  get isGathering(): boolean {
    return [...this.#movedMs.keys()].some((partition) => this.#isGatheringIn(partition));
  }

  holds(namespace: string, name: string): boolean {
    return this.#parts.tenancy.holds(namespace, name);
  }

  /** Names of pools, one of each other owner. */
  otherOwners(namespace: string): readonly string[] {
    return this.#parts.tenancy.otherOwners(namespace);
  }

  /** Waits until this process owns where a pool would be. Throws when another one does. */
  async admittedPartition(
    namespace: string,
    name: string,
    { signal, ownerEpoch = 0 }: AdmittedContext,
  ): Promise<void> {
    await this.#parts.tenancy.admit(namespace, name, { epoch: ownerEpoch, signal });
  }

  /**
   * Returns a pool, as soon as it is owned here. Throws when there is none of the name, or when another process owns
   * it, and that one's name.
   */
  async admitted(namespace: string, name: string, context: AdmittedContext): Promise<Pool> {
    return (await this.tenant(namespace, name, context)).pool;
  }

  /** The same with the stored state. */
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

  /** Returns whether it was opened and is owned here still. */
  requireOwned(namespace: string, name: string): Pool {
    const pool = this.find(namespace, name);
    if (pool !== undefined) return pool;
    throw this.#parts.tenancy.elsewhere(namespace, name);
  }

  /** The same. Undefined where it throws. */
  find(namespace: string, name: string): Pool | undefined {
    return this.#tenants.get(`${namespace}/${name}`)?.pool;
  }

  /** Undefined for one that would be owned here and is not there. */
  ownerOf(namespace: string, name: string): Owner | undefined {
    if (this.holds(namespace, name)) return undefined;
    return this.#parts.tenancy.ownerOf(namespace, name);
  }

  /** The stored state of a pool has changed: the pool uses it when this resolves. */
  async refresh(namespace: string, name: string): Promise<Tenant | undefined> {
    const key = `${namespace}/${name}`;
    await this.#opening.get(key)?.catch(() => undefined);
    const tenant = this.#tenants.get(key);
    if (tenant === undefined) return undefined;
    const contents = await this.#parts.read(namespace, name);
    if (this.#tenants.get(key) !== tenant) return undefined;
    if (!this.#isThere(name, contents)) {
      this.#close(key, tenant, undefined);
      return undefined;
    }
    // Two who changed it at the same time may hear of it in any order.
    if (contents !== undefined && contents.changes < tenant.contents.changes) return tenant;
    tenant.apply(contents ?? newPool(), this.#parts.now());
    this.turns.stir(tenant.pool);
    for (const listener of [...this.#tenantListeners]) listener(tenant);
    return tenant;
  }

  /** Returns how to stop listening. */
  onLeft(listener: LeftListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told of those that are open already too. Returns how to stop listening. */
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
    if (!this.#isThere(name, contents)) throw swarmErrors.poolUnknown({ namespace, pool: name });
    // It has left, and perhaps come back, while it was read.
    if (!tenancy.holds(namespace, name) || tenancy.epochOf(namespace, name) !== epoch)
      throw tenancy.elsewhere(namespace, name);
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
        this.#settlings.get(pool)?.look();
      },
      onOffersChange: this.#parts.onOffersChange,
      onAssigned: (agentId, assign) => onAssigned(pool, agentId, assign),
    });
    const tenant = new Tenant(pool, configured);
    tenant.apply(contents ?? newPool(), now());
    this.#tenants.set(`${namespace}/${name}`, tenant);
    // A pool that is opened later has no agent on its way: that one would have opened it.
    if (epoch > firstEpoch && this.#isGatheringIn(tenancy.partitionOf(namespace, name)))
      this.#letSettle(tenant);
    for (const listener of [...this.#tenantListeners]) listener(tenant);
    return tenant;
  }

  #isGatheringIn(partition: number): boolean {
    const movedMs = this.#movedMs.get(partition) ?? Number.NEGATIVE_INFINITY;
    return this.#parts.now() - movedMs < gatherMs;
  }

  #isThere(name: string, contents: PoolView | undefined): boolean {
    return this.#names.has(name) || contents?.settings !== undefined;
  }

  #letSettle(tenant: Tenant): void {
    const { timers, settleMs, now, callRoll } = this.#parts;
    if (settleMs === 0) return;
    const { pool } = tenant;
    tenant.await("agents", now());
    const settling = new Settling({ pool, timers, settleMs, now }, () => {
      this.#settlings.delete(pool);
      if (this.#tenants.get(`${pool.namespace}/${pool.name}`) !== tenant) return;
      tenant.came("agents", now());
      this.turns.stir(pool);
    });
    this.#settlings.set(pool, settling);
    settling.start(callRoll);
  }

  #leave(partition: number): void {
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
    this.turns.forget(pool);
    this.#parts.onOffersChange();
  }
}

type AdmittedContext = Pick<CallContext, "signal" | "ownerEpoch">;
