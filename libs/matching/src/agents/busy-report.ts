/**
 * Which agents are busy. This changes with every task, so it is not reported at once. An agent whose state
 * differs from the last report is noted, and checked once a second. Shorter changes are not reported.
 */

import { Due } from "../time/due.ts";
import type { Wheel } from "../time/wheel.ts";
import type { Agent } from "./agent.ts";
import type { AgentEvents } from "./agent-events.ts";
import type { AgentIndex } from "./agent-index.ts";

const everyMs = 1_000;

export class BusyReport extends Due {
  readonly #wheel: Wheel;
  readonly #agents: AgentIndex;
  readonly #events: AgentEvents;
  #unreported: Agent[] = [];
  #reportedMs = Number.NEGATIVE_INFINITY;

  constructor(wheel: Wheel, agents: AgentIndex, events: AgentEvents) {
    super();
    this.#wheel = wheel;
    this.#agents = agents;
    this.#events = events;
  }

  add(agent: Agent): void {
    if (agent.hasUnreportedState) return;
    agent.hasUnreportedState = true;
    this.#unreported.push(agent);
  }

  /** At the end of a turn: reports the noted agents, or schedules the report. */
  finishTurn(nowMs: number): void {
    if (this.#unreported.length === 0) return;
    if (nowMs < this.#reportedMs + everyMs) this.#wheel.set(this, this.#reportedMs + everyMs);
    else this.run(nowMs);
  }

  override run(nowMs: number): void {
    this.#reportedMs = nowMs;
    const unreported = this.#unreported;
    this.#unreported = [];
    for (const agent of unreported) {
      agent.hasUnreportedState = false;
      if (this.#agents.get(agent.agentId) === agent) this.#events.reportState(agent, agent.state, "", nowMs);
    }
  }
}
