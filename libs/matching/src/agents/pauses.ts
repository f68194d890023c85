/**
 * Capabilities that agents do not take for a while, because the system behind them is busy: an API that answered 429
 * limits the calls of one adapter, and not the worker.
 *
 * 1. A paused capability is one that the agent does not offer: it belongs to another cohort until the pause is over.
 * 2. An answer that does not name the capability of its own task pauses the whole agent: the task would come back at once.
 */
import type { Busy } from "@tutti/contracts/agent/v1";
import { backoffMs, type Chance } from "@tutti/kernel";
import { busyBackoff, busyPauseMaxMs, comparedMax, pausesPerAgentMax } from "../bounds.ts";
import { isEverFit } from "../demand/fit.ts";
import { labelsMatch } from "../demand/labels.ts";
import type { Demand } from "../demand/matches.ts";
import { newestIn } from "../demand/versions.ts";
import type { Agent } from "./agent.ts";
import { acceptedOf, covers, type Pause } from "./capabilities.ts";
import type { Readiness } from "./readiness.ts";

const never = Number.POSITIVE_INFINITY;

export class CapabilityPauses {
  readonly #readiness: Readiness;
  readonly #chance: Chance;
  readonly #agents = new Set<Agent>();

  constructor(readiness: Readiness, chance: Chance) {
    this.#readiness = readiness;
    this.#chance = chance;
  }

  /** Agents with a paused capability. */
  get agents(): Iterable<Agent> {
    return this.#agents;
  }

  /** Applies a busy answer. Returns false if it is about the whole agent. */
  pause(agent: Agent, capability: string, busy: Busy, nowMs: number): boolean {
    const { capabilities, message } = busy;
    const { pauses } = agent;
    const isNamed = capabilities.some((pattern) => covers(pattern, capability));
    const added = capabilities.filter((pattern) => !pauses.has(pattern)).length;
    if (!isNamed || pauses.size + added > pausesPerAgentMax) return false;
    for (const pattern of capabilities) {
      const known = pauses.get(pattern) ?? { pattern, dueMs: 0, isActive: false, inRow: 0, message };
      // Attempts that were assigned before the pause repeat the same answer.
      const isNew = !known.isActive;
      if (isNew) known.inRow++;
      const retryDelayMs = isNew ? backoffMs(busyBackoff, Math.min(known.inRow, 30), this.#chance) : 0;
      const pauseMs = Math.min(Math.max(busy.retryAfterMs, retryDelayMs), busyPauseMaxMs);
      known.dueMs = Math.max(known.dueMs, nowMs + pauseMs);
      known.message = message;
      pauses.set(pattern, known);
    }
    this.#agents.add(agent);
    this.#regroup(agent, nowMs);
    return true;
  }

  /** Ends the pauses that are due. */
  due(agent: Agent, nowMs: number): void {
    if (agent.pausesDueMs <= nowMs) this.#regroup(agent, nowMs);
  }

  /** Records that an attempt at a capability did not end as busy. */
  recordNotBusy(agent: Agent, capability: string): void {
    for (const [pattern, pause] of agent.pauses)
      if (covers(pattern, capability)) {
        pause.inRow = 0;
        if (!pause.isActive) agent.pauses.delete(pattern);
      }
  }

  /** Forgets the pauses of an agent that has joined again or left. */
  removeAgent(agent: Agent): void {
    agent.pauses.clear();
    agent.pausesDueMs = never;
    agent.accepted = agent.offered;
    this.#agents.delete(agent);
  }

  /** Returns the agents that match a demand except for a pause, each with its longest pause. */
  of({ requirements, fit }: Demand): (readonly [Agent, Pause])[] {
    const { capability, range, require } = requirements;
    const found: (readonly [Agent, Pause])[] = [];
    for (const agent of this.#agents) {
      const [longest] = [...agent.pauses.values()]
        .filter(({ pattern, isActive }) => isActive && covers(pattern, capability))
        .sort((one, other) => other.dueMs - one.dueMs);
      if (longest === undefined || !labelsMatch(agent.offering.labels, require)) continue;
      const versions = agent.offered.filter(({ name }) => name === capability).map(({ version }) => version);
      if (newestIn(versions, range) === undefined || !isEverFit(agent, fit)) continue;
      found.push([agent, longest]);
      if (found.length >= comparedMax) break;
    }
    return found;
  }

  #regroup(agent: Agent, nowMs: number): void {
    const pauses = [...agent.pauses.values()];
    for (const pause of pauses) pause.isActive = pause.dueMs > nowMs;
    const active = pauses.filter(({ isActive }) => isActive);
    agent.pausesDueMs = Math.min(never, ...active.map(({ dueMs }) => dueMs));
    if (active.length === 0) this.#agents.delete(agent);
    agent.accepted = acceptedOf(agent.offered, agent.pauses);
    this.#readiness.regroupAgent(agent);
  }
}
