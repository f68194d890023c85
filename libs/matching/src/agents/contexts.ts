/** The contexts that agents report that they hold. */
import type { Agent } from "./agent.ts";
export class Contexts {
  readonly #holders = new Map<string, Set<Agent>>();

  add(agent: Agent): void {
    for (const key of agent.offering.contextKeys) {
      const holders = this.#holders.get(key) ?? new Set();
      holders.add(agent);
      this.#holders.set(key, holders);
    }
  }

  remove(agent: Agent): void {
    for (const key of agent.offering.contextKeys) {
      const holders = this.#holders.get(key);
      holders?.delete(agent);
      if (holders?.size === 0) this.#holders.delete(key);
    }
  }

  /** Returns a holder that has room and can do the task. */
  find(key: string, canRun: (agent: Agent) => boolean): Agent | undefined {
    for (const agent of this.#holders.get(key) ?? []) if (agent.hasRoom && canRun(agent)) return agent;
    return undefined;
  }
}
