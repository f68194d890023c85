/**
 * The offerings of agents, the cohort that each belongs to, and the ready agents of each cohort.
 *
 * An agent is among the ready agents of its cohort exactly when it has room, at the place that the strategy
 * gives it.
 */

import { AgentState, type Offering } from "@tutti/contracts/agent/v1";
import type { Demands } from "../demand/demands.ts";
import type { LiveSettings } from "../settings.ts";
import type { Task } from "../task/task.ts";
import type { Agent } from "./agent.ts";
import type { AgentEvents } from "./agent-events.ts";
import type { AgentIndex } from "./agent-index.ts";
import type { BusyReport } from "./busy-report.ts";
import { CapabilityNumbers, numbersOf } from "./capabilities.ts";
import type { Contexts } from "./contexts.ts";

const { AGENT_STATE_READY, AGENT_STATE_BUSY } = AgentState;

/** The parts that Readiness needs. */
export interface ReadinessParts {
  readonly contexts: Contexts;
  readonly events: AgentEvents;
  readonly agents: AgentIndex;
  readonly busyReport: BusyReport;
  readonly settings: LiveSettings;
  readonly demands: Demands;
}

export class Readiness {
  readonly #contexts: Contexts;
  readonly #events: AgentEvents;
  readonly #agents: AgentIndex;
  readonly #busyReport: BusyReport;
  readonly #settings: LiveSettings;
  readonly #demands: Demands;
  readonly #capabilities = new CapabilityNumbers();

  constructor(parts: ReadinessParts) {
    this.#contexts = parts.contexts;
    this.#events = parts.events;
    this.#agents = parts.agents;
    this.#busyReport = parts.busyReport;
    this.#settings = parts.settings;
    this.#demands = parts.demands;
  }

  offeringProblem(offering: Offering): string | undefined {
    return this.#capabilities.problemOf(offering);
  }

  /** Records the offering of an agent that has joined. */
  offer(agent: Agent, offering: Offering): void {
    this.#contexts.remove(agent);
    agent.offer(offering, this.#capabilities.of(offering));
    this.#contexts.add(agent);
    this.#settleIn(agent);
    this.#events.reportOffers();
  }

  /** Replaces the offering of an agent. */
  reoffer(agent: Agent, offering: Offering): void {
    const before = new Set(agent.offered);
    this.offer(agent, offering);
    const added = agent.offered.filter((capability) => !before.has(capability));
    if (added.length > 0 && agent.link !== undefined)
      agent.link.outgoing.capabilityNumbers = { numbers: numbersOf(added) };
  }

  /** Removes an agent that has left. */
  remove(agent: Agent): void {
    this.#contexts.remove(agent);
    this.#moveOut(agent);
    this.#events.reportOffers();
  }

  /** Moves each agent to its cohort, after the labels that distinguish agents have changed. */
  regroup(): void {
    for (const agent of this.#agents.values()) this.#settleIn(agent);
  }

  /** Moves one agent to its cohort, after the set of capabilities that it accepts has changed. */
  regroupAgent(agent: Agent): void {
    this.#settleIn(agent);
  }

  /** Returns an agent with room that has reported the context. Undefined when none can do the task. */
  holderOf(contextKey: string, { demand }: Task): Agent | undefined {
    return this.#contexts.find(contextKey, (agent) =>
      demand.matches.some(({ cohort }) => cohort === agent.cohort),
    );
  }

  /** Updates an agent that has more to do than before, or less credit. */
  loaded(agent: Agent): void {
    const { cohort, reportedState: state } = agent;
    if (agent.used >= agent.slots ? state === AGENT_STATE_READY : state === AGENT_STATE_BUSY)
      this.#busyReport.add(agent);
    if (cohort === undefined) return;
    const { ready } = cohort;
    if (agent.hasRoom) {
      agent.rank = this.#settings.current.strategy.rank(agent);
      agent.order = agent.lastAssigned;
      if (agent.place >= 0) ready.move(agent);
      else {
        ready.add(agent);
        if (ready.size === 1) cohort.changed();
      }
    } else if (agent.place >= 0) {
      ready.remove(agent);
      if (ready.size === 0) cohort.changed();
    }
  }

  /** Updates an agent that may have more room than before. */
  roomGained(agent: Agent): void {
    this.loaded(agent);
    if (agent.place >= 0) agent.cohort?.roomGained(agent);
  }

  /** Sorts all agents again after the strategy has changed. */
  rankAll(): void {
    for (const agent of this.#agents.values()) this.loaded(agent);
  }

  /** At the end of a turn. */
  finishTurn(nowMs: number): void {
    this.#busyReport.finishTurn(nowMs);
  }

  /** Moves an agent to the cohort where it belongs. */
  #settleIn(agent: Agent): void {
    const cohort = this.#demands.cohortOf(agent.accepted, agent.offering.labels);
    if (cohort !== agent.cohort) {
      this.#moveOut(agent);
      agent.cohort = cohort;
      cohort.admit(agent);
    }
    this.roomGained(agent);
  }

  #moveOut(agent: Agent): void {
    const { cohort } = agent;
    if (cohort === undefined) return;
    if (agent.place >= 0) {
      cohort.ready.remove(agent);
      cohort.changed();
    }
    cohort.dismiss(agent);
    agent.cohort = undefined;
    if (cohort.agents.size === 0) this.#demands.forgetCohort(cohort);
  }
}
