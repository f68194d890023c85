/**
 * The pools that this process owns, by namespace and name.
 *
 * 1. Every namespace has the pool named `default`, and those that the configuration names; each is opened when somebody
 *    asks for it.
 * 2. Alone, a process owns all pools. Where processes share, nobody owns any yet: everything about them is refused.
 */
import type { Chance } from "@tutti/kernel";
import { type AgentChange, openPool, type Pool, type PoolSettings } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import type { PoolTime } from "./pool-time.ts";
import type { Turns } from "./turns.ts";

export const defaultPool = "default";

export interface PoolDirectoryParts {
  readonly turns: Turns;
  readonly now: PoolTime;
  readonly chance: Chance;
  /** Instance id of this process. */
  readonly owner: string;
  /** Names of pools that every namespace has beside `default`. */
  readonly names: readonly string[];
  /** Whether the processes of a cluster share what they own. */
  readonly isShared: boolean;
  readonly settings: Partial<PoolSettings>;
  readonly onAgentChange: (pool: Pool, change: AgentChange) => void;
}

/** Of the ownership: where a process is alone, it has owned everything from the beginning. */
const soleEpoch = 1;

export class PoolDirectory {
  readonly turns: Turns;
  readonly #parts: PoolDirectoryParts;
  readonly #pools = new Map<string, Pool>();
  readonly #names: ReadonlySet<string>;

  constructor(parts: PoolDirectoryParts) {
    this.turns = parts.turns;
    this.#parts = parts;
    this.#names = new Set([defaultPool, ...parts.names]);
  }

  /** The pools that are open, ordered by namespace and name. */
  get all(): readonly Pool[] {
    return [...this.#pools].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, pool]) => pool);
  }

  /** The pools of a namespace, ordered by name. */
  of(namespace: string): readonly Pool[] {
    return [...this.#names].sort().map((name) => this.insist(namespace, name));
  }

  /** A pool; throws when there is none of the name, or none is owned here. */
  insist(namespace: string, name: string): Pool {
    const pool = this.find(namespace, name);
    if (pool === undefined) throw swarmErrors.poolUnknown({ namespace, pool: name });
    return pool;
  }

  /** The same; undefined for one that is not there. */
  find(namespace: string, name: string): Pool | undefined {
    if (this.#parts.isShared) throw swarmErrors.poolsNotShared();
    const key = `${namespace}/${name}`;
    const known = this.#pools.get(key);
    if (known !== undefined || !this.#names.has(name)) return known;
    const { owner, chance, now, settings, onAgentChange } = this.#parts;
    const pool: Pool = openPool({
      ...{ namespace, name, owner, chance, settings },
      epoch: soleEpoch,
      openedMs: now(),
      onAgentChange: (change) => onAgentChange(pool, change),
    });
    this.#pools.set(key, pool);
    return pool;
  }
}
