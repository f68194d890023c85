/** The agents of a pool by id. One id has one agent. */
import { assert } from "@tutti/kernel";
import type { Agent } from "./agent.ts";

export class AgentIndex {
  readonly #agents = new Map<string, Agent>();

  get size(): number {
    return this.#agents.size;
  }

  get(agentId: string): Agent | undefined {
    return this.#agents.get(agentId);
  }

  add(agent: Agent): void {
    const known = this.#agents.get(agent.agentId);
    assert(known === undefined || known === agent, "an agent id has one agent", { agentId: agent.agentId });
    this.#agents.set(agent.agentId, agent);
  }

  /** Returns whether the agent was listed. */
  remove(agent: Agent): boolean {
    return this.#agents.get(agent.agentId) === agent && this.#agents.delete(agent.agentId);
  }

  values(): Iterable<Agent> {
    return this.#agents.values();
  }
}
