/**
 * The pools that this process owns, by namespace and name.
 *
 * 1. Every namespace has the pool named `default`, and those that the configuration names; each is opened when somebody
 *    asks for it.
 * 2. A pool is here as long as its partition is owned here. When that is let go of, whoever deals with the pool hears of
 *    it once, and the pool is forgotten.
 */
import type { CallContext, Chance, Owner, Timers } from "@tutti/kernel";
import { type AgentChange, openPool, type Pool, type PoolSettings } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import type { PoolTime } from "./pool-time.ts";
import type { PoolTenancy } from "./tenancy.ts";
import type { Turns } from "./turns.ts";

export const defaultPool = "default";

export interface PoolDirectoryParts {
  readonly turns: Turns;
  readonly now: PoolTime;
  readonly chance: Chance;
  readonly timers: Timers;
  /** How long a pool that has moved here waits for its agents. */
  readonly settleMs: number;
  /** Instance id of this process. */
  readonly owner: string;
  /** Names of pools that every namespace has beside `default`. */
  readonly names: readonly string[];
  readonly tenancy: PoolTenancy;
  readonly settings: Partial<PoolSettings>;
  readonly onAgentChange: (pool: Pool, change: AgentChange) => void;
}

/** Told of a pool that is not owned here any more, and who owns it as far as that is known. */
export type LeftListener = (pool: Pool, owner: Owner | undefined) => void;

/** Of a partition that nobody has owned before, and of all where a process is alone. */
const firstEpoch = 1;

export class PoolDirectory {
  readonly turns: Turns;
  readonly #parts: PoolDirectoryParts;
  readonly #pools = new Map<string, Pool>();
  readonly #names: ReadonlySet<string>;
  readonly #listeners = new Set<LeftListener>();

  constructor(parts: PoolDirectoryParts) {
    this.turns = parts.turns;
    this.#parts = parts;
    this.#names = new Set([defaultPool, ...parts.names]);
    parts.tenancy.onLeft((partition) => this.#leave(partition));
  }

  /** The pools that are open, ordered by namespace and name. */
  get all(): readonly Pool[] {
    return [...this.#pools].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, pool]) => pool);
  }

  /** The pools of a namespace that are owned here, ordered by name. */
  of(namespace: string): readonly Pool[] {
    const { tenancy } = this.#parts;
    const names = [...this.#names].filter((name) => tenancy.holds(namespace, name));
    return names.sort().map((name) => this.insist(namespace, name));
  }

  /**
   * A pool, as soon as it is owned here. Throws when there is none of the name, or when another process owns it, and
   * that one's name.
   */
  async admitted(
    namespace: string,
    name: string,
    { signal, ownerEpoch = 0 }: Pick<CallContext, "signal" | "ownerEpoch">,
  ): Promise<Pool> {
    if (!this.#names.has(name)) throw swarmErrors.poolUnknown({ namespace, pool: name });
    await this.#parts.tenancy.admit(namespace, name, { epoch: ownerEpoch, signal });
    return this.insist(namespace, name);
  }

  /** A pool that is owned here; throws when there is none of the name, or none here. */
  insist(namespace: string, name: string): Pool {
    const pool = this.find(namespace, name);
    if (pool !== undefined) return pool;
    if (!this.#names.has(name)) throw swarmErrors.poolUnknown({ namespace, pool: name });
    throw this.#parts.tenancy.elsewhere(namespace, name);
  }

  /** The same; undefined where it throws. */
  find(namespace: string, name: string): Pool | undefined {
    const { tenancy } = this.#parts;
    if (!this.#names.has(name) || !tenancy.holds(namespace, name)) return undefined;
    return this.#pools.get(`${namespace}/${name}`) ?? this.#open(namespace, name);
  }

  ownerOf(namespace: string, name: string): Owner | undefined {
    return this.#names.has(name) ? this.#parts.tenancy.ownerOf(namespace, name) : undefined;
  }

  /** Returns how to stop listening. */
  onLeft(listener: LeftListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #open(namespace: string, name: string): Pool {
    const { owner, chance, now, settings, onAgentChange, tenancy } = this.#parts;
    const epoch = tenancy.epochOf(namespace, name);
    const pool: Pool = openPool({
      ...{ namespace, name, owner, chance, settings, epoch },
      openedMs: now(),
      onAgentChange: (change) => onAgentChange(pool, change),
    });
    this.#pools.set(`${namespace}/${name}`, pool);
    if (epoch > firstEpoch) this.#letSettle(pool);
    return pool;
  }

  /** Senders may be quicker than agents: what is offered may be at work at one that has not come back yet. */
  #letSettle(pool: Pool): void {
    const { timers, settleMs, now } = this.#parts;
    if (settleMs === 0) return;
    pool.configure({ paused: true }, now());
    timers.after(settleMs, () => {
      if (this.#pools.get(`${pool.namespace}/${pool.name}`) !== pool) return;
      pool.configure({ paused: false }, now());
      this.turns.stir(pool);
    });
  }

  #leave(partition: number): void {
    const { tenancy } = this.#parts;
    for (const [key, pool] of this.#pools) {
      if (tenancy.partitionOf(pool.namespace, pool.name) !== partition) continue;
      this.#pools.delete(key);
      const owner = tenancy.ownerOf(pool.namespace, pool.name);
      for (const listener of [...this.#listeners]) listener(pool, owner);
      this.turns.forget(pool);
    }
  }
}
