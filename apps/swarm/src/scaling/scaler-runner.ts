/**
 * Runs one scaler: reads its pool, decides, and ensures that enough agents are present and awake.
 *
 * 1. Agents are woken before others are started. If the scaler is so configured, agents are put to sleep
 *    instead of removed.
 * 2. Agents with the least to do go first. An agent with tasks finishes them.
 * 3. Each change of the number is an event, and a line of its log.
 */
import { type AgentState, AgentState as states } from "@tutti/contracts/agent/v1";
import type { Scaler, ScalerForecast, ScalerStatus, Scaling } from "@tutti/contracts/swarm/v1";
import { toErrorDetail, toTimestamp } from "@tutti/kernel";
import type { ScalerPast } from "@tutti/machine-entities/pool";
import {
  Arrivals,
  decideScaling,
  type LaunchedAgent,
  type Load,
  newcomer,
  type Pool,
  ScalerGauge,
  type ScalerMemory,
  type ScalingRules,
  ScalingWindows,
  type StretchArrivals,
  scalerForecastOf,
  scalingRulesOf,
} from "@tutti/matching";
import type { Driver } from "./drivers/driver.ts";
import { ScalingLog } from "./scaling-log.ts";

export interface ScalerRunnerParts {
  readonly pool: Pool;
  readonly scaler: Scaler;
  /** Changes with the scaler: another revision has another runner. */
  readonly revision: number;
  readonly driver: Driver;
  readonly scheduleTurn: () => void;
  /** Recorded actions of the scaler, including those under earlier owners of its pool. */
  readonly past: ScalerPast;
  readonly nowMs: number;
  readonly onScaled: (runner: ScalerRunner, scaling: Scaling) => void;
  readonly onArrivals: (runner: ScalerRunner, arrivals: readonly StretchArrivals[]) => void;
}

export class ScalerRunner {
  readonly log: ScalingLog;
  readonly #parts: ScalerRunnerParts;
  readonly #gauge: ScalerGauge;
  /** Undefined if the scaler uses no forecast. */
  readonly #arrivals: Arrivals | undefined;
  readonly #windows: ScalingWindows;
  readonly #rules: ScalingRules;
  #memory: ScalerMemory;
  /** The load at the last decision. */
  #load: Load | undefined;
  #reason = "";

  /** @param before the earlier runner of the same scaler */
  constructor(parts: ScalerRunnerParts, before?: ScalerRunner) {
    const { pool, scaler, past } = parts;
    this.#parts = parts;
    this.#memory = before?.memory ?? memoryOf(parts);
    this.log = before?.log ?? new ScalingLog(past.scalings);
    this.#rules = scalingRulesOf(scaler);
    this.#windows = new ScalingWindows(scaler.windows);
    const { scalerId, capabilities, useForecast } = scaler;
    const known = before === undefined ? undefined : before.#arrivals;
    const arrivals = useForecast ? (known ?? new Arrivals(past)) : undefined;
    this.#arrivals = arrivals;
    this.#gauge = new ScalerGauge({ pool, scalerId, capabilities, idleMs: this.#rules.idleMs, arrivals });
  }

  get pool(): Pool {
    return this.#parts.pool;
  }

  get scaler(): Scaler {
    return this.#parts.scaler;
  }

  get revision(): number {
    return this.#parts.revision;
  }

  get driver(): Driver {
    return this.#parts.driver;
  }

  get memory(): ScalerMemory {
    return this.#memory;
  }

  /** @param wallMs the wall clock time, which the plan follows. The pool's time is monotonic */
  evaluate(nowMs: number, wallMs: number): void {
    const bounds = this.#windows.boundsAt(this.#rules, wallMs);
    const before = this.#memory.wanted;
    const load = this.#gauge.read(nowMs);
    const decision = decideScaling(this.#rules, bounds, load, this.#memory, nowMs);
    this.#load = load;
    this.#memory = decision.memory;
    this.#gauge.setDesired(decision.wanted, nowMs);
    this.#reason = decision.reason;
    if (decision.wanted !== before) {
      const { wanted, reason, figures } = decision;
      const scaling = { decideTime: toTimestamp(nowMs), before, wanted, reason, figures: { ...figures } };
      this.log.add(scaling);
      this.#parts.onScaled(this, scaling);
    }
    this.reportArrivals(false);
    if (!this.#rules.paused) this.#follow(decision.wanted, nowMs);
  }

  /** Reports arrivals that were not reported yet. Those of the present stretch only in the last report. */
  reportArrivals(isLast: boolean): void {
    if (this.#arrivals !== undefined) this.#parts.onArrivals(this, this.#arrivals.drainObserved(isLast));
  }

  status(nowMs: number): ScalerStatus {
    const { wanted, changedMs } = this.#memory;
    const { starting, quarantined, error } = this.driver.status();
    const own = this.#own();
    const coolMs = changedMs + this.#rules.coolDownMs;
    return {
      wanted,
      starting,
      quarantined,
      joined: own.filter(({ state }) => isPresent(state)).length,
      asleep: own.filter(({ state }) => state === states.AGENT_STATE_ASLEEP).length,
      coolDownEndTime: coolMs > nowMs ? toTimestamp(coolMs) : undefined,
      error: error && toErrorDetail(error),
      forecast: this.#forecast(nowMs),
    };
  }

  #forecast(nowMs: number): ScalerForecast | undefined {
    if (this.#arrivals === undefined || this.#load === undefined) return undefined;
    const forecast = this.#arrivals.forecast(nowMs + this.#load.leadMs);
    return scalerForecastOf(forecast, this.#load, this.#rules.idleMs);
  }

  #follow(wanted: number, nowMs: number): void {
    const { driver, scheduleTurn, scaler, pool } = this.#parts;
    const own = this.#own().filter(({ state }) => isPresent(state));
    const asleep = own.filter(isPutToSleep);
    const awake = own.filter((agent) => !isPutToSleep(agent));
    const { starting } = driver.status();
    let missing = wanted - awake.length - starting;
    let wokenCount = 0;
    for (const { agentId } of asleep) {
      if (missing <= 0) break;
      pool.wake(agentId, this.#reason, nowMs);
      missing--;
      wokenCount++;
    }
    if (scaler.sleepInstead) {
      const spare = awake
        .sort((one, other) => one.attempts - other.attempts)
        .slice(0, Math.max(0, -missing - starting));
      for (const { agentId } of spare) pool.sleep(agentId, this.#reason, 0, nowMs, true);
      if (spare.length > 0) scheduleTurn();
    }
    if (wokenCount > 0) scheduleTurn();
    // A sleeping agent is present, and counts until its scaler wants no sleeping agents.
    const retained = scaler.sleepInstead ? Math.max(wanted, own.length) : wanted;
    driver.setCount(Math.min(retained, Math.max(wanted, this.#rules.maxAgents)), this.#reason);
  }

  /** Returns the agents that it has launched, as the pool knows them. */
  #own(): readonly LaunchedAgent[] {
    const { pool, scaler } = this.#parts;
    return pool.launchedFor(scaler.scalerId);
  }
}

/**
 * Returns the state of a new runner. Agents that outlive this process link again in a moment, so the last
 * wanted number stays in force until then. Programs of a process have ended with it.
 */
function memoryOf({ driver, past, nowMs }: ScalerRunnerParts): ScalerMemory {
  const last = past.scalings.at(-1);
  if (driver.kind === "process" || last === undefined) return newcomer;
  return { ...newcomer, wanted: last.wanted, changedMs: nowMs };
}

/** Returns whether the agent sleeps until it is woken, by the scaler or by its own decision. */
function isPutToSleep({ state, wakesOnDemand }: LaunchedAgent): boolean {
  return state === states.AGENT_STATE_ASLEEP && !wakesOnDemand;
}

/** Returns whether an agent has joined, and has not been asked to go. */
function isPresent(state: AgentState): boolean {
  switch (state) {
    case states.AGENT_STATE_READY:
    case states.AGENT_STATE_BUSY:
    case states.AGENT_STATE_ASLEEP:
    case states.AGENT_STATE_SUSPECT:
      return true;
    default:
      return false;
  }
}
