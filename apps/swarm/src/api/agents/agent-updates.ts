/**
 * Reports changed agents to watchers of agents. Changes within a short time are sent in one batch: a thousand
 * joining agents do not cause a thousand messages to each watcher.
 */
import { Notifier, type Timer, type Timers } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";

/** How long changes are gathered. */
const gatherMs = 20;

export class AgentUpdates {
  readonly #timers: Timers;
  readonly #watchers = new Set<AgentWatcher>();
  #pending: Timer | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Records that an agent of a pool has changed. */
  publish(pool: Pool, agentId: string): void {
    if (this.#watchers.size === 0) return;
    for (const watcher of this.#watchers) watcher.add(pool, agentId);
    this.#pending ??= this.#timers.after(gatherMs, () => {
      this.#pending = undefined;
      for (const watcher of this.#watchers) watcher.bell.notify();
    });
  }

  watch(namespace: string): AgentWatcher {
    const watcher = new AgentWatcher(namespace, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }
}

export class AgentWatcher {
  readonly bell = new Notifier();
  readonly #namespace: string;
  readonly #unregister: () => void;
  #changed = new Map<string, { readonly pool: Pool; readonly agentId: string }>();

  constructor(namespace: string, unregister: () => void) {
    this.#namespace = namespace;
    this.#unregister = unregister;
  }

  add(pool: Pool, agentId: string): void {
    if (pool.namespace === this.#namespace) this.#changed.set(`${pool.name}/${agentId}`, { pool, agentId });
  }

  /** Returns the agents that have changed since the last call. */
  drain(): Iterable<{ readonly pool: Pool; readonly agentId: string }> {
    const changed = this.#changed;
    this.#changed = new Map();
    return changed.values();
  }

  close(): void {
    this.#unregister();
  }
}
