/**
 * The scalers of all pools that are owned here.
 *
 * 1. The stored state of a pool lists its scalers. This follows every change.
 * 2. A scaler that changes keeps its agents as long as its driver gets the same settings. Otherwise they are
 *    ended before others are started, so that no two bear the same name.
 * 3. When a pool moves, or this process ends, the programs on this machine end.
 */

import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { Scaler, ScalerStatus, Scaling } from "@tutti/contracts/swarm/v1";
import {
  type Component,
  type ComponentContext,
  errorFromUnknown,
  type Foundation,
  healthy,
  type IdSource,
  type ReadOnly,
  type Timer,
} from "@tutti/kernel";
import { noPast, type ScalerPast } from "@tutti/machine-entities/pool";
import type { Launches, Pool } from "@tutti/matching";
import { BerthDriver } from "./drivers/berths/berth-driver.ts";
import { ContainerEngines } from "./drivers/container/engines.ts";
import { ownerIdIn } from "./drivers/container/labels.ts";
import { Strays } from "./drivers/container/strays.ts";
import type { AgentWindow, Closing, Driver } from "./drivers/driver.ts";
import { type DriverParts, openDriver } from "./drivers/open-driver.ts";
import { endLeftovers, LaunchRecords } from "./drivers/process/leftovers.ts";
import { ScalerRunner } from "./scaler-runner.ts";
import type { ScalingLog } from "./scaling-log.ts";
import type { ScalingRecorder } from "./scaling-recorder.ts";
import type { ScalingSettings } from "./settings.ts";

interface StoredScaler {
  readonly value: ReadOnly<Scaler>;
  readonly revision: number;
}

/** A pool as its scalers see it. */
export interface ScaledPool {
  readonly pool: Pool;
  readonly scalers: () => Iterable<StoredScaler>;
  /** The stored history of a scaler. */
  readonly pastOf: (scalerId: string) => ScalerPast | undefined;
  readonly quarantineAfter: () => number;
}

export interface ScalersParts {
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly settings: ScalingSettings;
  readonly now: () => number;
  /** Called when a pool has messages for its agents. */
  readonly scheduleTurn: (pool: Pool) => void;
  /** The address of the pool for agents on this machine. */
  readonly address: () => string;
  readonly dataDirectory: string | undefined;
  readonly onScaled: (pool: Pool, scaler: Scaler, driver: string, scaling: Scaling) => void;
  readonly recorder: ScalingRecorder;
  /** Called for each call that was blocked because of its destination. */
  readonly refused: DriverParts["refused"];
}

/** The scalers of one pool. */
interface Staff {
  readonly scaled: ScaledPool;
  readonly runners: Map<string, ScalerRunner>;
  /** Drivers that are ending, by scaler: their successors wait for them. */
  readonly ending: Map<string, Promise<void>>;
}

/** Crashes in a row after which a scaler starts no more agents of a program. */
const quarantineDefault = 5;
/** Interval of recording the actions of scalers. */
const recordEveryMs = 5_000;
/** Interval of the search for containers without a holder. */
const straysEveryMs = 60_000;

export class Scalers implements Component {
  readonly #parts: ScalersParts;
  readonly #staffs = new Map<Pool, Staff>();
  readonly #records: LaunchRecords;
  readonly #engines: ContainerEngines;
  /** Including drivers that are ending. */
  readonly #drivers = new Set<Driver>();
  #ownerId = "";
  #accessToken = "";
  #hasStarted = false;
  /** Runs while there are scalers. */
  #timer: Timer | undefined;
  #recording: Timer | undefined;
  #straying: Timer | undefined;
  #isOver = false;

  constructor(parts: ScalersParts) {
    this.#parts = parts;
    this.#records = new LaunchRecords(parts.dataDirectory);
    this.#engines = new ContainerEngines(parts.foundation.timers);
    const quarantined = parts.foundation.metrics.gauge({
      name: "tutti_swarm_agents_quarantined",
      help: "Supervised agents that crashed too often and are not started again.",
    });
    quarantined.observe({}, () => this.#quarantined());
  }

  #quarantined(): number {
    return this.#runners().reduce((sum, { driver }) => sum + driver.status().quarantined, 0);
  }

  /**
   * Ends the programs of a killed process before anything is started. That may take as long as their stop
   * timeout, and nothing else waits for it.
   */
  async start({ logger }: Pick<ComponentContext, "logger">): Promise<void> {
    const { foundation, settings, dataDirectory } = this.#parts;
    const { timers } = foundation;
    if (settings.containers.sockets.length > 0) this.#ownerId = await ownerIdIn(dataDirectory);
    this.#accessToken = (await settings.accessToken?.reveal()) ?? "";
    const onFound = (agent: string, pid: number) =>
      logger.warn("stopping an agent program left by a killed process", { agent, pid });
    endLeftovers(this.#records, timers, onFound)
      .catch((error: unknown) => logger.warn("failed to stop leftover programs", { error }))
      .finally(() => this.#start());
  }

  /** Lets the programs of this machine finish their work, and end. */
  async drain(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#recording?.cancel();
    this.#straying?.cancel();
    const { recorder } = this.#parts;
    for (const { runners } of this.#staffs.values())
      for (const runner of runners.values()) runner.reportArrivals(true);
    await Promise.all([...this.#staffs.keys()].map((pool) => recorder.flush(pool)));
    await Promise.all([...this.#staffs.keys()].map((pool) => this.release(pool)));
  }

  health() {
    return { ...healthy, details: { scalers: this.#runners().length } };
  }

  /** Replaces the scalers of a pool. */
  follow(scaled: ScaledPool): void {
    if (this.#isOver) return;
    const { pool } = scaled;
    const { runners, ending } = this.#staffs.get(pool) ?? { runners: new Map(), ending: new Map() };
    const isNew = !this.#staffs.has(pool);
    const staff: Staff = { scaled, runners, ending };
    const configured = new Map([...scaled.scalers()].map((stored) => [stored.value.scalerId, stored]));
    if (isNew && configured.size === 0) return;
    this.#staffs.set(pool, staff);
    if (isNew) pool.launchedBy(new PoolLaunches(() => runners.values()));
    for (const [scalerId, runner] of runners)
      if (!configured.has(scalerId)) this.#closeDriver(staff, runner, "deleted");
    for (const { value, revision } of configured.values()) this.#apply(staff, value as Scaler, revision);
  }

  /** Stops the scalers of a pool that is no longer owned here. */
  async release(pool: Pool): Promise<void> {
    const staff = this.#staffs.get(pool);
    if (staff === undefined) return;
    this.#staffs.delete(pool);
    this.#parts.recorder.remove(pool);
    for (const runner of [...staff.runners.values()]) this.#closeDriver(staff, runner, "left");
    await Promise.all(staff.ending.values());
  }

  statusOf(pool: Pool, scalerId: string): ScalerStatus | undefined {
    return this.#staffs.get(pool)?.runners.get(scalerId)?.status(this.#parts.now());
  }

  logOf(pool: Pool, scalerId: string): ScalingLog | undefined {
    return this.#staffs.get(pool)?.runners.get(scalerId)?.log;
  }

  #start(): void {
    if (this.#isOver) return;
    const { foundation } = this.#parts;
    this.#hasStarted = true;
    const record = () => {
      for (const pool of this.#staffs.keys()) void this.#parts.recorder.flush(pool);
    };
    this.#recording = foundation.timers.every(recordEveryMs, record);
    if (this.#runners().length > 0) this.#startTimer();
    this.#evaluateAll();
    this.#startStraysSearch();
  }

  #startStraysSearch(): void {
    const { foundation, settings } = this.#parts;
    const { sockets } = settings.containers;
    if (sockets.length === 0) return;
    const strays = new Strays({
      ownerId: this.#ownerId,
      logger: foundation.logger,
      engines: sockets.map((socket) => this.#engines.at(socket)),
      isOwned: (launchId) =>
        [...this.#drivers].some((driver) => driver instanceof BerthDriver && driver.holds(launchId)),
    });
    this.#straying = foundation.timers.every(straysEveryMs, () => void strays.check());
  }

  #startTimer(): void {
    const { foundation, settings } = this.#parts;
    this.#timer ??= foundation.timers.every(settings.everyMs, () => this.#evaluateAll());
  }

  #runners(): ScalerRunner[] {
    return [...this.#staffs.values()].flatMap(({ runners }) => [...runners.values()]);
  }

  #evaluateAll(): void {
    const nowMs = this.#parts.now();
    const runners = this.#runners();
    for (const runner of runners) this.#evaluate(runner, nowMs);
    if (runners.length > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Runs one scaler. Its failure must not stop the others. */
  #evaluate(runner: ScalerRunner, nowMs: number): void {
    try {
      runner.evaluate(nowMs, this.#parts.foundation.clock.now());
    } catch (thrown) {
      const { scalerId: scaler } = runner.scaler;
      const error = errorFromUnknown(thrown);
      this.#parts.foundation.logger.error("scaler failed to decide", { scaler, error });
    }
  }

  #apply(staff: Staff, scaler: Scaler, revision: number): void {
    const { scalerId } = scaler;
    const before = staff.runners.get(scalerId);
    if (before?.revision === revision) return;
    if (before !== undefined && isSameDriver(before.scaler, scaler)) {
      this.#add(staff, scaler, revision, before.driver, before);
      return;
    }
    if (before !== undefined) {
      // Crashes of another program do not count for this one.
      for (const agentId of staff.scaled.pastOf(scalerId)?.crashes.keys() ?? [])
        this.#parts.recorder.crashed(staff.scaled.pool, scalerId, agentId, 0, "");
      this.#closeDriver(staff, before, "replaced");
    }
    const ending = staff.ending.get(scalerId);
    if (ending === undefined) this.#open(staff, scaler, revision, before === undefined);
    else
      void ending.then(() => {
        const { scaled } = this.#staffs.get(staff.scaled.pool) ?? {};
        for (const stored of scaled?.scalers() ?? [])
          if (stored.value.scalerId === scalerId && stored.revision === revision)
            this.#open(staff, scaler, revision, false);
      });
  }

  /** @param isKnown whether the scaler had this driver at the previous owner of the pool */
  #open(staff: Staff, scaler: Scaler, revision: number, isKnown: boolean): void {
    const { foundation, ids, settings, now, scheduleTurn, address, recorder, refused } = this.#parts;
    const { pool, pastOf } = staff.scaled;
    const { scalerId } = scaler;
    const { namespace, name } = pool;
    const driver = openDriver({
      scaler,
      foundation,
      ids,
      settings,
      refused,
      records: this.#records,
      ownerId: this.#ownerId,
      engines: this.#engines,
      agentPool: { address: address(), namespace, pool: name, accessToken: this.#accessToken },
      agents: agentWindow({
        pool,
        now,
        scheduleTurn: () => scheduleTurn(pool),
        crashed: (agentId, crashes, how) => recorder.crashed(pool, scalerId, agentId, crashes, how),
      }),
      crashes: (isKnown ? pastOf(scalerId)?.crashes : undefined) ?? new Map(),
      quarantineAfter: () => staff.scaled.quarantineAfter() || quarantineDefault,
    });
    if (driver === undefined) return;
    this.#drivers.add(driver);
    this.#add(staff, scaler, revision, driver, undefined);
  }

  #add(
    staff: Staff,
    scaler: Scaler,
    revision: number,
    driver: Driver,
    before: ScalerRunner | undefined,
  ): void {
    const { scheduleTurn, onScaled, recorder, now } = this.#parts;
    const { pool, pastOf } = staff.scaled;
    const { scalerId } = scaler;
    const runner = new ScalerRunner(
      {
        pool,
        scaler,
        revision,
        driver,
        scheduleTurn: () => scheduleTurn(pool),
        past: pastOf(scalerId) ?? noPast,
        nowMs: now(),
        onScaled: (of, scaling) => {
          recorder.decided(pool, scalerId, scaling);
          onScaled(of.pool, of.scaler, of.driver.kind, scaling);
        },
        onArrivals: (_, arrivals) => recorder.addArrivals(pool, scalerId, arrivals),
      },
      before,
    );
    staff.runners.set(scalerId, runner);
    if (!this.#hasStarted || this.#isOver) return;
    this.#startTimer();
    this.#evaluate(runner, this.#parts.now());
  }

  #closeDriver({ runners, ending }: Staff, runner: ScalerRunner, mode: Closing): void {
    const { scalerId } = runner.scaler;
    runners.delete(scalerId);
    const ended = runner.driver
      .close(mode)
      .catch((error: unknown) => {
        this.#parts.foundation.logger.warn("scaler did not stop cleanly", { scaler: scalerId, error });
      })
      .finally(() => {
        this.#drivers.delete(runner.driver);
        if (ending.get(scalerId) === ended) ending.delete(scalerId);
      });
    ending.set(scalerId, ended);
  }
}

function isSameDriver(one: Scaler, other: Scaler): boolean {
  return JSON.stringify(one.driver) === JSON.stringify(other.driver);
}

interface WindowParts {
  readonly pool: Pool;
  readonly now: () => number;
  readonly scheduleTurn: () => void;
  readonly crashed: AgentWindow["crashed"];
}

/** Returns the agents of a pool in the form for drivers. */
function agentWindow({ pool, now, scheduleTurn, crashed }: WindowParts): AgentWindow {
  return {
    crashed,
    busy(agentId) {
      const agent = pool.agent(agentId, now());
      return agent === undefined || isAbsent(agent.state) ? undefined : agent.attempts;
    },
    drain(agentId, reason, deadlineMs) {
      pool.drain(agentId, reason, deadlineMs, now());
      scheduleTurn();
    },
    quarantine(agentId, reason) {
      pool.hold(agentId, { hold: Hold.HOLD_QUARANTINED, reason, forMs: 0 }, now());
    },
    release: (agentId, reason) => void pool.release(agentId, reason, now()),
    started: (agentId) => pool.reportLaunch(agentId, true, "its program was started", now()),
    exited(agentId, reason) {
      // Its tasks need not wait for a link that will not be resumed.
      const refusal = pool.remove(agentId, reason, 0, now());
      if (refusal !== undefined) pool.reportLaunch(agentId, false, reason, now());
      scheduleTurn();
    },
  };
}

function isAbsent(state: AgentState): boolean {
  return state === AgentState.AGENT_STATE_STARTING || state === AgentState.AGENT_STATE_GONE;
}

/** Reports the agents that the scalers of a pool launch to the pool. */
class PoolLaunches implements Launches {
  readonly #runners: () => Iterable<ScalerRunner>;

  constructor(runners: () => Iterable<ScalerRunner>) {
    this.#runners = runners;
  }

  crashesOf(agentId: string): number {
    let crashes = 0;
    for (const driver of this.#berthed()) crashes = Math.max(crashes, driver.crashesOf(agentId));
    return crashes;
  }

  released(agentId: string): void {
    for (const driver of this.#berthed()) driver.release(agentId);
  }

  *starting() {
    for (const driver of this.#berthed()) yield* driver.launched();
  }

  *#berthed(): Generator<BerthDriver> {
    for (const { driver } of this.#runners()) if (driver instanceof BerthDriver) yield driver;
  }
}
