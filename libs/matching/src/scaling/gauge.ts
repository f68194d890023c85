/**
 * What a scaler sees of its pool. It looks at what tasks ask for and at agents, never at tasks one by one, so that it
 * may look often. Rates come from what it saw before.
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
  /** The capabilities that count. If empty, those of the scaler's own agents, and all while there are no agents. */
  readonly capabilities: readonly string[];
  readonly idleMs: number;
  /** What came on other days. Undefined where that does not count. */
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

  /** The scaler wants so many agents from now on. */
  want(agents: number, nowMs: number): void {
    this.#coldStart.want(agents, nowMs);
  }

  read(nowMs: number): Load {
    const { scalerId, idleMs, arrivals } = this.#parts;
    const { agents, settings } = this.#pool;
    const own: Agent[] = [];
    const others: Agent[] = [];
    for (const agent of agents.values())
      (scalerIdOf(agent.identity.launchId) === scalerId ? own : others).push(agent);
    const does = this.#capabilities(own);
    const able = others.filter((agent) => agent.isAble && offersAny(agent, does));
    const awake = own.filter(isThere);
    const waiting = this.#waiting(does, nowMs);
    const running = this.#running(does);
    const ended = this.#flow.ended([...own, ...others.filter((agent) => offersAny(agent, does))]);
    const { arrived, ...rates } = this.#flow.read(waiting.queued + running, ended, nowMs);
    arrivals?.add(arrived, nowMs);
    this.#coldStart.see(awake.length, nowMs);
    const { leadMs } = this.#coldStart;
    return {
      ...waiting,
      running,
      ...rates,
      expectedPerSec: arrivals?.expectedPerSec(nowMs + leadMs) ?? 0,
      leadMs,
      meanMs: this.#meanMs(does),
      foreignSlots: able.reduce((sum, { slots }) => sum + slots, 0),
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

  #waiting(does: (name: string) => boolean, nowMs: number): { queued: number; longestWaitMs: number } {
    let queued = 0;
    let longestWaitMs = 0;
    for (const { requirements, shares, ganged } of this.#pool.demands.all) {
      if (!does(requirements.capability)) continue;
      queued += ganged;
      for (const { size, head } of shares) {
        queued += size;
        if (head !== undefined) longestWaitMs = Math.max(longestWaitMs, nowMs - head.readyMs);
      }
    }
    for (const { stream } of this.#pool.senders.slots) {
      const { count, longestMs } = stream.waitingFor(this.#pool.senders, does);
      queued += count;
      if (count > 0) longestWaitMs = Math.max(longestWaitMs, longestMs);
    }
    return { queued, longestWaitMs };
  }

  #running(does: (name: string) => boolean): number {
    let running = 0;
    for (const agent of this.#pool.agents.values())
      if (agent.used > 0 && offersAny(agent, does)) running += agent.used;
    return running;
  }

  /** Over the capabilities that are known, the longest: who does both has to be prepared for it. */
  #meanMs(does: (name: string) => boolean): number {
    let longest = 0;
    const seen = new Set<string>();
    for (const { requirements } of this.#pool.demands.all) {
      const { capability } = requirements;
      if (seen.has(capability) || !does(capability)) continue;
      seen.add(capability);
      longest = Math.max(longest, this.#pool.times.expectedMs("", capability) ?? 0);
    }
    // Before the first task of a day comes there is no demand, and one still takes as long as it took.
    this.#usualMs = longest || this.#usualMs;
    return this.#usualMs;
  }
}

/** How long an agent takes from the decision to start it until it is there. */
class ColdStart {
  #agents = 0;
  #usualMs = 0;
  #awaited: { readonly above: number; readonly sinceMs: number } | undefined;

  /** Rare long starts count longer than short ones: an agent that sleeps is there at once. */
  get leadMs(): number {
    const { leastMs, mostMs } = forecastLead;
    return Math.min(mostMs, Math.max(leastMs, this.#usualMs * 1.2));
  }

  want(agents: number, nowMs: number): void {
    if (agents <= this.#agents) this.#awaited = undefined;
    else this.#awaited ??= { above: this.#agents, sinceMs: nowMs };
  }

  see(agents: number, nowMs: number): void {
    this.#agents = agents;
    if (this.#awaited === undefined || agents <= this.#awaited.above) return;
    const tookMs = nowMs - this.#awaited.sinceMs;
    this.#usualMs = tookMs > this.#usualMs ? tookMs : this.#usualMs + 0.1 * (tookMs - this.#usualMs);
    this.#awaited = undefined;
  }
}

/** Returns whether it takes new tasks: at once, or when it is woken, without a request. */
function isThere({ life, hold, wakesByNeed }: Agent): boolean {
  return hold === Hold.HOLD_NONE && (life === "active" || (life === "asleep" && wakesByNeed));
}

function offersAny({ offered }: Agent, does: (name: string) => boolean): boolean {
  return offered.some(({ name }) => does(name));
}

interface FlowFigures {
  /** Since the last look. */
  readonly arrived: number;
  readonly arrivalsPerSec: number;
  readonly finishesPerSec: number;
}

/** How many tasks come and end per second, from counts that are looked at now and then. */
class Flow {
  readonly #arrived = new Pace();
  readonly #ended = new Pace();
  /** What each agent had ended when it was looked at last. */
  #counts = new Map<string, number>();
  #work = 0;
  #isNew = true;

  /** Returns how many attempts ended since the last look. One that joined again counts from the beginning. */
  ended(agents: readonly Agent[]): number {
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

  /** The arrival of work before the first read is unknown. */
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
