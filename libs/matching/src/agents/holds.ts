/**
 * Agents that are held, and for how long: by a person, or because too many attempts failed in a row. An agent
 * that joins and leaves too quickly has to stay away.
 */

import { Hold } from "@tutti/contracts/agent/v1";
import { counted, type Refusal } from "@tutti/kernel";
import type { HoldOrder } from "../api/pool.ts";
import { heldAgentsMax } from "../bounds.ts";
import type { Demands } from "../demand/demands.ts";
import { matchingErrors } from "../errors.ts";
import type { LiveSettings } from "../settings.ts";
import type { Agent } from "./agent.ts";
import type { AgentEvents } from "./agent-events.ts";
import type { AgentIndex } from "./agent-index.ts";
import type { AgentStates } from "./agent-states.ts";
import { Flapping } from "./flapping.ts";
import type { LaunchSlot } from "./launch.ts";
import type { Losses } from "./losses.ts";

const never = Number.POSITIVE_INFINITY;
const { HOLD_NONE, HOLD_QUARANTINED, HOLD_FLAPPING, HOLD_FAILING } = Hold;

/** The parts that Holds needs. */
export interface HoldsParts {
  readonly agents: AgentIndex;
  readonly events: AgentEvents;
  readonly states: AgentStates;
  readonly losses: Losses;
  readonly launchers: LaunchSlot;
  readonly settings: LiveSettings;
  readonly demands: Demands;
}

export class Holds {
  readonly #agents: AgentIndex;
  readonly #events: AgentEvents;
  readonly #states: AgentStates;
  readonly #losses: Losses;
  readonly #launchers: LaunchSlot;
  readonly #settings: LiveSettings;
  readonly #demands: Demands;
  /** Agents that are held, also while they are away. */
  readonly #holds = new Map<string, { readonly order: HoldOrder; readonly dueMs: number }>();
  readonly #flapping = new Flapping();

  constructor(parts: HoldsParts) {
    this.#agents = parts.agents;
    this.#events = parts.events;
    this.#states = parts.states;
    this.#losses = parts.losses;
    this.#launchers = parts.launchers;
    this.#settings = parts.settings;
    this.#demands = parts.demands;
  }

  hold(agentId: string, order: HoldOrder, nowMs: number): void {
    const dueMs = order.forMs > 0 ? nowMs + order.forMs : never;
    const oldest = this.#holds.size >= heldAgentsMax ? this.#holds.keys().next().value : undefined;
    if (oldest !== undefined) this.#holds.delete(oldest);
    this.#holds.set(agentId, { order, dueMs });
    const agent = this.#agents.get(agentId);
    if (agent === undefined) {
      this.#events.reportAbsent(agentId, order.hold, order.reason, nowMs);
      return;
    }
    this.apply(agent, nowMs);
    if (agent.link !== undefined) agent.link.outgoing.held = { ...order };
    this.#states.changed(agent, order.reason, nowMs);
    if (order.hold === HOLD_QUARANTINED) this.#losses.loseAll(agent, "the agent was quarantined", nowMs);
  }

  /** Returns whether there was something to release. */
  release(agentId: string, reason: string, nowMs: number): boolean {
    this.#launchers.current?.released(agentId);
    const wasLockedOut = this.#flapping.forgive(agentId);
    const isHeld = this.#holds.delete(agentId) || wasLockedOut;
    const agent = this.#agents.get(agentId);
    if (agent === undefined) {
      if (isHeld) this.#events.reportAbsent(agentId, HOLD_NONE, reason, nowMs);
      return isHeld;
    }
    agent.breaker.close();
    if (agent.hold !== HOLD_NONE) this.#free(agent, reason, nowMs);
    return true;
  }

  /** Yields the absent agents that are held until a person releases them. */
  *absent(): Generator<{ readonly agentId: string; readonly order: HoldOrder }> {
    for (const [agentId, { order }] of this.#holds)
      if (order.hold === HOLD_QUARANTINED && this.#agents.get(agentId) === undefined)
        yield { agentId, order };
  }

  /** An agent has joined: the kept hold of its id applies to it. */
  apply(agent: Agent, nowMs: number): void {
    const held = this.#holds.get(agent.agentId);
    if (held === undefined) return;
    if (held.dueMs <= nowMs) {
      this.#holds.delete(agent.agentId);
      clearHold(agent);
      return;
    }
    agent.hold = held.order.hold;
    agent.holdReason = held.order.reason;
    agent.holdDueMs = held.dueMs;
  }

  due(agent: Agent, nowMs: number): void {
    if (agent.holdDueMs <= nowMs && agent.hold === HOLD_FAILING) this.#startTrial(agent, nowMs);
    if (agent.holdDueMs <= nowMs) this.release(agent.agentId, "the hold has expired", nowMs);
  }

  /** Records that an attempt failed at an agent, by its answer or by a timeout. */
  failed(agent: Agent, capability: string, nowMs: number): void {
    const { breaker } = agent;
    if (!breaker.fails(this.#settings.current.breakAfterFailures) || agent.hold !== HOLD_NONE) return;
    if (!this.#mayBreak(capability)) {
      // The agent is no worse than the others.
      if (breaker.isOnTrial) breaker.close();
      return;
    }
    const { failures } = breaker;
    const reason = `its breaker is open: ${counted(failures, "attempt")} at ${capability} or others failed in a row`;
    this.hold(agent.agentId, { hold: HOLD_FAILING, reason, forMs: breaker.open() }, nowMs);
  }

  /** Returns the refusal of an agent that joins too often. It stays away for longer each time. */
  flappingOf(agent: string, nowMs: number): Refusal | undefined {
    const wasLockedOut = this.#flapping.isLockedOut(agent, nowMs);
    const lockoutMs = Math.ceil(this.#flapping.recordJoin(agent, nowMs));
    if (lockoutMs === 0) return undefined;
    const refusal = matchingErrors.agentFlapping.refusal(
      { agent, awayMs: lockoutMs },
      { retryAfterMs: lockoutMs },
    );
    if (!wasLockedOut) this.#events.reportAbsent(agent, HOLD_FLAPPING, refusal.message, nowMs);
    return refusal;
  }

  /** Returns whether one more agent with the capability may be held for failing: at most half of them. */
  #mayBreak(capability: string): boolean {
    let agents = 0;
    let failing = 0;
    for (const cohort of this.#demands.fieldOf(capability)?.cohorts ?? [])
      for (const { hold } of cohort.agents) {
        agents++;
        if (hold === HOLD_FAILING) failing++;
      }
    return 2 * (failing + 1) <= agents;
  }

  /** Ends the pause of a breaker. The agent has one attempt, and a longer hold if that fails. */
  #startTrial(agent: Agent, nowMs: number): void {
    this.#holds.delete(agent.agentId);
    agent.breaker.startTrial();
    this.#free(agent, "it is tried again with one attempt", nowMs);
  }

  #free(agent: Agent, reason: string, nowMs: number): void {
    clearHold(agent);
    if (agent.link !== undefined) agent.link.outgoing.released = { reason };
    this.#states.changed(agent, reason, nowMs);
  }
}

function clearHold(agent: Agent): void {
  agent.hold = HOLD_NONE;
  agent.holdReason = "";
  agent.holdDueMs = never;
}
