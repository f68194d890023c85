/**
 * The load that a scaler observes in its pool. It reads demands and agents, never single tasks, so it can
 * read often. Rates follow from earlier reads.
 */
import { Hold } from "@tutti/contracts/agent/v1";
import type { Agent } from "../agents/agent.ts";
import { scalerIdOf } from "../agents/launch.ts";
import type { Pool } from "../api/pool.ts";
import type { PoolParts } from "../core.ts";
import { Pace } from "../match/pace.ts";
import { PoolOwner } from "../pool.ts";
import type { Arrivals } from "./arrivals.ts";
import { forecastLead, type Load } from "./rules.ts";

export interface GaugeParts {
  readonly pool: Pool;
  readonly scalerId: string;
  /** The capabilities that count. If empty: those of the scaler's own agents, and all if it has none. */
  readonly capabilities: readonly string[];
  readonly idleMs: number;
  /** Arrivals of other days. Undefined if they do not count. */
  readonly arrivals?: Arrivals | undefined;
}

export class ScalerGauge {
  readonly #parts: GaugeParts;
  readonly #pool: PoolParts;
  readonly #flow = new Flow();
  readonly #coldStart = new ColdStart();
  #usualMs = 0;

  constructor(parts: GaugeParts) {
    this.#parts = parts;
    this.#pool = PoolOwner.partsOf(parts.pool);
  }

  /** Records how many agents the scaler wants from now on. */
  setDesired(agents: number, nowMs: number): void {
    this.#coldStart.setDesired(agents, nowMs);
  }

  read(nowMs: number): Load {
    const { scalerId, idleMs, arrivals } = this.#parts;
    const { agents, settings } = this.#pool;
    const own: Agent[] = [];
    const others: Agent[] = [];
    for (const agent of agents.values())
      (scalerIdOf(agent.identity.launchId) === scalerId ? own : others).push(agent);
    const isCounted = this.#capabilities(own);
    const able = others.filter((agent) => agent.isAble && offersAny(agent, isCounted));
    const awake = own.filter(isAvailable);
    const waiting = this.#waiting(isCounted, nowMs);
    const running = this.#running(isCounted);
    const ended = this.#flow.countEnded([...own, ...others.filter((agent) => offersAny(agent, isCounted))]);
    const { arrived, ...rates } = this.#flow.read(waiting.queued + running, ended, nowMs);
    arrivals?.add(arrived, nowMs);
    this.#coldStart.observe(awake.length, nowMs);
    const { leadMs } = this.#coldStart;
    return {
      ...waiting,
      running,
      ...rates,
      expectedPerSec: arrivals?.expectedPerSec(nowMs + leadMs) ?? 0,
      leadMs,
      meanMs: this.#meanMs(isCounted),
      foreignSlots: able.reduce((sum, { capacity }) => sum + capacity, 0),
      foreignBusySlots: able.reduce((sum, { used }) => sum + used, 0),
      slots: awake.reduce((sum, { slots }) => sum + slots, 0),
      busySlots: awake.reduce((sum, { used }) => sum + used, 0),
      roomySlots: awake.reduce((sum, agent) => sum + (agent.hasRoom ? agent.capacity - agent.used : 0), 0),
      agents: awake.length,
      idleAgents: awake.filter((agent) => agent.used === 0 && nowMs - agent.idleSinceMs >= idleMs).length,
      isPoolPaused: settings.isStill,
    };
  }

  #capabilities(own: readonly Agent[]): (name: string) => boolean {
    const { capabilities } = this.#parts;
    const named =
      capabilities.length > 0 ? capabilities : own.flatMap(({ offered }) => offered.map(({ name }) => name));
    const known = new Set(named);
    return known.size === 0 ? () => true : (name) => known.has(name);
  }

  #waiting(isCounted: (name: string) => boolean, nowMs: number): { queued: number; longestWaitMs: number } {
    let queued = 0;
    let longestWaitMs = 0;
    for (const { requirements, shares, ganged } of this.#pool.demands.all) {
      if (!isCounted(requirements.capability)) continue;
      queued += ganged;
      for (const { size, head } of shares) {
        queued += size;
        if (head !== undefined) longestWaitMs = Math.max(longestWaitMs, nowMs - head.readyMs);
      }
    }
    for (const { stream } of this.#pool.senders.slots) {
      const { count, longestMs } = stream.waitingFor(this.#pool.senders, isCounted);
      queued += count;
      if (count > 0) longestWaitMs = Math.max(longestWaitMs, longestMs);
    }
    return { queued, longestWaitMs };
  }

  #running(isCounted: (name: string) => boolean): number {
    let running = 0;
    for (const agent of this.#pool.agents.values())
      if (agent.used > 0 && offersAny(agent, isCounted)) running += agent.used;
    return running;
  }

  /** Returns the longest mean duration of the known capabilities: an agent may have all of them. */
  #meanMs(isCounted: (name: string) => boolean): number {
    let longest = 0;
    const visited = new Set<string>();
    for (const { requirements } of this.#pool.demands.all) {
      const { capability } = requirements;
      if (visited.has(capability) || !isCounted(capability)) continue;
      visited.add(capability);
      longest = Math.max(longest, this.#pool.times.expectedMs("", capability) ?? 0);
    }
    // Before the first task of a day there is no demand. A task then takes as long as before.
    this.#usualMs = longest || this.#usualMs;
    return this.#usualMs;
  }
}

/** The time from the decision to start an agent until it has joined. */
class ColdStart {
  #agents = 0;
  #usualMs = 0;
  #awaited: { readonly above: number; readonly sinceMs: number } | undefined;

  /** Rare long starts count more than short ones: an agent that sleeps is available at once. */
  get leadMs(): number {
    const { leastMs, mostMs } = forecastLead;
    return Math.min(mostMs, Math.max(leastMs, this.#usualMs * 1.2));
  }

  setDesired(agents: number, nowMs: number): void {
    if (agents <= this.#agents) this.#awaited = undefined;
    else this.#awaited ??= { above: this.#agents, sinceMs: nowMs };
  }

  observe(agents: number, nowMs: number): void {
    this.#agents = agents;
    if (this.#awaited === undefined || agents <= this.#awaited.above) return;
    const startupMs = nowMs - this.#awaited.sinceMs;
    this.#usualMs = startupMs > this.#usualMs ? startupMs : this.#usualMs + 0.1 * (startupMs - this.#usualMs);
    this.#awaited = undefined;
  }
}

/** Returns whether it accepts new tasks: at once, or when it is woken, without a request. */
function isAvailable({ life, hold, wakesOnDemand }: Agent): boolean {
  return hold === Hold.HOLD_NONE && (life === "active" || (life === "asleep" && wakesOnDemand));
}

function offersAny({ offered }: Agent, isCounted: (name: string) => boolean): boolean {
  return offered.some(({ name }) => isCounted(name));
}

interface FlowFigures {
  /** Since the last read. */
  readonly arrived: number;
  readonly arrivalsPerSec: number;
  readonly finishesPerSec: number;
}

/** The rates of arrivals and ends of tasks, from counts that are read now and then. */
class Flow {
  readonly #arrived = new Pace();
  readonly #ended = new Pace();
  /** Ended attempts of each agent at the last read. */
  #counts = new Map<string, number>();
  #work = 0;
  #isNew = true;

  /** Returns how many attempts ended since the last read. A joined agent counts from 0. */
  countEnded(agents: readonly Agent[]): number {
    const counts = new Map<string, number>();
    let sum = 0;
    for (const { agentId, completed, failed, identity } of agents) {
      const key = `${agentId} ${identity.incarnation}`;
      const count = completed + failed;
      sum += Math.max(0, count - (this.#counts.get(key) ?? 0));
      counts.set(key, count);
    }
    this.#counts = counts;
    return sum;
  }

  /** Returns the rates. Arrivals before the first read are unknown. */
  read(work: number, ended: number, nowMs: number): FlowFigures {
    const arrived = this.#isNew ? 0 : Math.max(0, work - this.#work + ended);
    if (!this.#isNew) {
      this.#ended.add(ended, nowMs);
      this.#arrived.add(arrived, nowMs);
    }
    this.#isNew = false;
    this.#work = work;
    const [arrivalsPerSec, finishesPerSec] = [this.#arrived.perSec(nowMs), this.#ended.perSec(nowMs)];
    return { arrived, arrivalsPerSec, finishesPerSec };
  }
}
