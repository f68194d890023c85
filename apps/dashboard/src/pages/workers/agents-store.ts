/** All agents of the namespace by their stream. */
import type { Agent, WatchAgentsReply } from "@tutti/rest/types";
import { LiveStore } from "../../data/live-store.ts";

export interface AgentsKnown {
  readonly agents: readonly Agent[];
}

export class AgentsStore extends LiveStore<WatchAgentsReply, AgentsKnown> {
  readonly #agents = new Map<string, Agent>();

  constructor(later: (notify: () => void) => void) {
    super({ agents: [] }, later);
  }

  protected override reset(): void {
    this.#agents.clear();
  }

  protected override fold({ agents = [], removed = [] }: WatchAgentsReply): void {
    for (const agent of agents) this.#agents.set(nameOf(agent), agent);
    for (const name of removed) this.#agents.delete(nameOf(name));
  }

  protected override picture(): AgentsKnown {
    return { agents: [...this.#agents.values()] };
  }
}

function nameOf({ pool = "", agentId = "" }: { readonly pool?: string; readonly agentId?: string }): string {
  return `${pool} ${agentId}`;
}
