/**
 * The state of each agent: connected, silent, draining, asleep, paused because it is busy.
 *
 * An agent is given work only while it is heard, linked, neither held nor draining nor asleep, and has room.
 */

import type { Busy, Heartbeat } from "@tutti/contracts/agent/v1";
import { backoffMs, type Chance } from "@tutti/kernel";
import { busyBackoff, busyFactor, busyPauseMaxMs } from "../bounds.ts";
import type { LiveSettings } from "../settings.ts";
import type { BoundTasks } from "../task/bound-tasks.ts";
import type { Wheel } from "../time/wheel.ts";
import type { Agent } from "./agent.ts";
import type { AgentEvents } from "./agent-events.ts";
import { nextDueMs } from "./due-times.ts";
import type { CapabilityPauses } from "./pauses.ts";
import type { Readiness } from "./readiness.ts";

const never = Number.POSITIVE_INFINITY;

/** The parts that AgentStates needs. */
export interface AgentStatesParts {
  readonly settings: LiveSettings;
  readonly chance: Chance;
  readonly readiness: Readiness;
  readonly events: AgentEvents;
  readonly bound: BoundTasks;
  readonly wheel: Wheel;
  readonly pauses: CapabilityPauses;
}

export class AgentStates {
  readonly #settings: LiveSettings;
  readonly #chance: Chance;
  readonly #readiness: Readiness;
  readonly #events: AgentEvents;
  readonly #bound: BoundTasks;
  readonly #wheel: Wheel;
  readonly #pauses: CapabilityPauses;
  /** Agents that sleep until they are needed. */
  readonly sleepers = new Set<Agent>();

  constructor(parts: AgentStatesParts) {
    this.#settings = parts.settings;
    this.#chance = parts.chance;
    this.#readiness = parts.readiness;
    this.#events = parts.events;
    this.#bound = parts.bound;
    this.#wheel = parts.wheel;
    this.#pauses = parts.pauses;
  }

  markSeen(agent: Agent, nowMs: number): void {
    agent.lastSeenMs = nowMs;
    if (!agent.silent) return;
    agent.silent = false;
    this.changed(agent, "a heartbeat arrived again", nowMs);
  }

  markDisconnected(agent: Agent, nowMs: number): void {
    agent.isDisconnected = true;
    agent.suspicion.pause();
    agent.reconnectDueMs = nowMs + this.#settings.current.resumeWindowMs;
    this.changed(agent, "its link was cut", nowMs);
  }

  resume(agent: Agent, nowMs: number): void {
    agent.isDisconnected = false;
    agent.reconnectDueMs = never;
    agent.silent = false;
    agent.lastSeenMs = nowMs;
    this.changed(agent, "its link continues", nowMs);
  }

  drains(agent: Agent, reason: string, deadlineMs: number, nowMs: number): void {
    agent.life = "draining";
    this.sleepers.delete(agent);
    agent.credit = 0;
    agent.drainDueMs = deadlineMs > 0 ? nowMs + deadlineMs : never;
    this.changed(agent, reason, nowMs);
  }

  markAsleep(agent: Agent, reason: string, forMs: number, wakesOnDemand: boolean, nowMs: number): void {
    agent.life = "asleep";
    agent.wakesOnDemand = wakesOnDemand;
    agent.sleepReason = reason;
    if (wakesOnDemand) this.sleepers.add(agent);
    else this.sleepers.delete(agent);
    agent.credit = 0;
    agent.sleepDueMs = forMs > 0 ? nowMs + forMs : never;
    this.changed(agent, reason, nowMs);
  }

  markAwake(agent: Agent, reason: string, nowMs: number): void {
    if (agent.life !== "asleep") return;
    agent.life = "active";
    agent.wakesOnDemand = false;
    this.sleepers.delete(agent);
    agent.idleSinceMs = nowMs;
    agent.sleepDueMs = never;
    this.changed(agent, reason, nowMs);
  }

  /**
   * Pauses an agent that reported that it is busy, and then lowers its concurrency. If the report names
   * capabilities, only these are paused.
   */
  pause(agent: Agent, capability: string, busy: Busy, nowMs: number): void {
    const settings = this.#settings.current;
    const chance = this.#chance;
    const { retryAfterMs } = busy;
    agent.refused++;
    if (this.#pauses.pause(agent, capability, busy, nowMs)) {
      this.watch(agent, nowMs);
      return;
    }
    // A paused agent repeats the busy answer for attempts that were assigned before the pause. These repeats
    // do not count.
    const isNew = !agent.slowed;
    if (isNew) agent.busyInRow++;
    const retryDelayMs = isNew ? backoffMs(busyBackoff, Math.min(agent.busyInRow, 30), chance) : 0;
    const pauseMs = Math.max(retryAfterMs, retryDelayMs);
    agent.slowed = true;
    agent.slowedDueMs = Math.max(
      agent.slowedDueMs === never ? 0 : agent.slowedDueMs,
      nowMs + Math.min(pauseMs, busyPauseMaxMs),
    );
    if (isNew && settings.adaptiveConcurrency)
      agent.allowed = Math.max(1, Math.min(agent.allowed, agent.used + 1) * busyFactor);
    this.#readiness.loaded(agent);
    this.watch(agent, nowMs);
  }

  report(agent: Agent, { figures, freeResources }: Heartbeat, nowMs: number): void {
    agent.suspicion.beat(nowMs);
    if (figures !== undefined) agent.figures = figures;
    agent.report(freeResources);
    this.#readiness.roomGained(agent);
  }

  restate(agent: Agent, reason: string, nowMs: number): void {
    this.#events.reportState(agent, agent.state, reason, nowMs);
  }

  /** Updates whether an agent may be given work, and reports its state, after a change. */
  changed(agent: Agent, reason: string, nowMs: number): void {
    if (!agent.isAble) this.#bound.releaseAll(agent.agentId);
    this.#readiness.roomGained(agent);
    this.watch(agent, nowMs);
    this.restate(agent, reason, nowMs);
  }

  watch(agent: Agent, nowMs: number): void {
    this.#wheel.set(agent, nextDueMs(this.#settings.current, agent, nowMs));
  }
}
