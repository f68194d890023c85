/** A scaler and its pool in virtual time, with a driver without processes: nights, bursts, no lost task. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState } from "@tutti/contracts/agent/v1";
import { Scaler } from "@tutti/contracts/swarm/v1";
import { launchIdOf } from "../agents/launch.ts";
import { Arena, numberOf, type TestAgent } from "../testing/arena.ts";
import { Arrivals, stretchMs } from "./arrivals.ts";
import { decideScaling, type ScalingDecision } from "./decide.ts";
import { ScalerGauge } from "./gauge.ts";
import { newcomer, type ScalerMemory, scalingRulesOf } from "./rules.ts";
import { ScalingWindows } from "./windows.ts";

const tickMs = 500;
const taskMs = 200;
const usualStartMs = 800;

interface Working {
  readonly agent: TestAgent;
  readonly slots: number;
  /** Number of completed tasks, and the end of each other one. */
  answered: number;
  readonly untilMs: number[];
  frames: number;
  isAsleep: boolean;
}

class Simulation {
  readonly arena: Arena;
  readonly scaler: Scaler;
  readonly decisions: ScalingDecision[] = [];
  readonly crew = new Map<string, Working>();
  readonly #gauge: ScalerGauge;
  readonly #windows: ScalingWindows;
  #memory: ScalerMemory = newcomer;
  readonly #starting: number[] = [];
  #launched = 0;
  startMs = usualStartMs;

  constructor(scaler: Parameters<typeof Scaler.fromPartial>[0], arrivals?: Arrivals) {
    this.arena = new Arena({ leaseMs: 8e7, suspectMs: 3e6, window: 20_000 });
    this.scaler = Scaler.fromPartial({ scalerId: "crew", capabilities: ["work"], ...scaler });
    const { scalerId, capabilities, idleMs } = this.scaler;
    this.#gauge = new ScalerGauge({ pool: this.arena.pool, scalerId, capabilities, idleMs, arrivals });
    this.#windows = new ScalingWindows(this.scaler.windows);
  }

  get awake(): number {
    return this.arena.pool
      .agents(this.arena.nowMs)
      .filter(({ state }) => state !== AgentState.AGENT_STATE_ASLEEP).length;
  }

  /** Runs until a time, in steps that are short compared with all decisions. */
  runUntil(untilMs: number, isOver: () => boolean = () => false): void {
    while (this.arena.nowMs < untilMs && !isOver()) {
      this.#decide();
      for (const { agent } of this.crew.values()) agent.sendFrame({});
      for (let passed = 0; passed < tickMs; passed += 100) {
        this.arena.pass(100);
        this.#work();
      }
    }
  }

  #decide(): void {
    const { nowMs } = this.arena;
    const rules = scalingRulesOf(this.scaler);
    const bounds = this.#windows.boundsAt(rules, nowMs);
    const decided = decideScaling(rules, bounds, this.#gauge.read(nowMs), this.#memory, nowMs);
    assert.ok(decided.wanted >= bounds.minAgents && decided.wanted <= bounds.maxAgents);
    if (decided.wanted !== this.#memory.wanted) this.decisions.push(decided);
    this.#memory = decided.memory;
    this.#gauge.setDesired(decided.wanted, nowMs);
    this.#follow(decided.wanted);
  }

  /** Acts as a driver: wakes, starts, or removes idle agents. */
  #follow(wanted: number): void {
    const { arena } = this;
    let there = this.crew.size - this.#asleep().length + this.#starting.length;
    for (const [agentId, worker] of this.#asleep()) {
      if (there >= wanted) break;
      arena.pool.wake(agentId, "wanted", arena.nowMs);
      worker.isAsleep = false;
      there++;
    }
    for (; there < wanted; there++) this.#starting.push(arena.nowMs + this.startMs);
    for (const [agentId, worker] of this.crew) {
      if (there <= wanted) break;
      if (worker.isAsleep) continue;
      worker.isAsleep = true;
      there--;
      if (this.scaler.sleepInstead) arena.pool.sleep(agentId, "not wanted", 0, arena.nowMs, true);
      else arena.pool.drain(agentId, "not wanted", 0, arena.nowMs);
    }
  }

  #asleep(): [string, Working][] {
    return [...this.crew].filter(([, { isAsleep }]) => isAsleep && this.scaler.sleepInstead);
  }

  #work(): void {
    const { arena } = this;
    while ((this.#starting[0] ?? Number.POSITIVE_INFINITY) <= arena.nowMs) {
      this.#starting.shift();
      const agentId = `crew-${++this.#launched}`;
      const launchId = launchIdOf("crew", String(this.#launched));
      const agent = arena.agent(agentId, { slots: 4, credit: 4, launchId });
      this.crew.set(agentId, { agent, slots: 4, answered: 0, untilMs: [], frames: 0, isAsleep: false });
    }
    for (const [agentId, worker] of this.crew) {
      const { agent, untilMs } = worker;
      while (untilMs.length + worker.answered < agent.assigned.length) untilMs.push(arena.nowMs + taskMs);
      let done = 0;
      for (; (untilMs[0] ?? Number.POSITIVE_INFINITY) <= arena.nowMs; done++) {
        untilMs.shift();
        const assigned = agent.assigned[worker.answered++];
        if (assigned !== undefined) agent.sendResult(numberOf(assigned.token));
      }
      const isWoken = agent.frames.slice(worker.frames).some(({ wake }) => wake !== undefined);
      worker.frames = agent.frames.length;
      if (isWoken) agent.sendFrame({ credit: worker.slots - untilMs.length });
      else if (done > 0 && !worker.isAsleep) agent.sendFrame({ credit: done });
      if (worker.isAsleep && !this.scaler.sleepInstead && untilMs.length === 0) {
        agent.sendFrame({ bye: { reason: "drained" } });
        this.crew.delete(agentId);
      }
    }
    arena.turn();
  }
}

const day = (time: string) => Date.parse(`2026-07-${time}Z`);
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

describe("a plan for the night", () => {
  const windows = [{ begin: "0 22 * * *", end: "0 6 * * *" }];
  const scaler = {
    minAgents: 3,
    maxAgents: 5,
    idleMs: 60_000,
    coolDownMs: 60_000,
    sleepInstead: true,
    windows,
  };

  it("puts all agents to sleep at 22:00, wakes one for the first task, loses nothing, and wakes all at 06:00", () => {
    const simulation = new Simulation(scaler);
    const { arena } = simulation;
    const sender = arena.sender();
    arena.nowMs = day("01T21:58:00");
    simulation.runUntil(day("01T21:59:30"));
    assert.equal(simulation.awake, 3);
    simulation.runUntil(day("01T22:00:01"));
    assert.equal(simulation.awake, 0, "asleep at 22:00");
    assert.equal(simulation.crew.size, 3, "and still linked");
    simulation.runUntil(day("02T02:00:00"));
    sender.offer([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    simulation.runUntil(day("02T02:00:10"));
    assert.equal(simulation.awake, 1, "the first task wakes one, and no more");
    assert.equal(sender.results.length, 9);
    simulation.runUntil(day("02T02:05:00"));
    assert.equal(simulation.awake, 0, "it sleeps again");
    simulation.runUntil(day("02T06:00:10"));
    assert.equal(simulation.awake, 3);
    assert.ok(sender.results.every(([, outcome]) => outcome === "inlineOutput"));
  });

  it("lets agents that are busy at 22:00 finish their tasks", () => {
    const simulation = new Simulation(scaler);
    const sender = simulation.arena.sender();
    simulation.arena.nowMs = day("01T21:59:00");
    simulation.runUntil(day("01T21:59:59"));
    sender.offer(range(1, 300));
    simulation.runUntil(day("01T22:05:00"));
    assert.equal(sender.results.filter(([, outcome]) => outcome === "inlineOutput").length, 300);
    assert.equal(sender.results.length, 300);
    assert.equal(simulation.awake, 0);
  });
});

describe("a burst of 10,000 tasks", () => {
  for (const sleepInstead of [false, true])
    it(`scales agents within their bounds, with all of them ${sleepInstead ? "asleep" : "gone"} at the end, and loses no task`, () => {
      const simulation = new Simulation({ maxAgents: 20, idleMs: 10_000, coolDownMs: 5_000, sleepInstead });
      const { arena } = simulation;
      const sender = arena.sender();
      const fromMs = arena.nowMs;
      simulation.runUntil(fromMs + 5_000);
      assert.equal(simulation.crew.size, 0, "none without a task");
      sender.offer(range(1, 10_000));
      let most = 0;
      simulation.runUntil(fromMs + 600_000, () => {
        most = Math.max(most, simulation.awake);
        return sender.results.length === 10_000;
      });
      assert.equal(most, 20);
      assert.equal(new Set(sender.results.map(([number]) => number)).size, 10_000);
      assert.ok(sender.results.every(([, outcome]) => outcome === "inlineOutput"));
      // 10,000 tasks of 200 ms in 80 slots take 25 s when no slot is ever idle.
      assert.ok(arena.nowMs - fromMs < 90_000, `took ${arena.nowMs - fromMs} ms`);
      simulation.runUntil(arena.nowMs + 120_000);
      assert.equal(simulation.awake, 0, "none when all is done");
      assert.equal(simulation.crew.size, sleepInstead ? 20 : 0);
      assert.ok(simulation.decisions.length < 40, `${simulation.decisions.length} decisions`);
    });
});

describe("agents that take four minutes to start", () => {
  it("are started five minutes before a burst, once the first of them is there", () => {
    const firstStretch = day("01T00:00:00") / stretchMs;
    const arrivals = Array.from({ length: 3 * 96 }, (_, at) => (Math.floor((at % 96) / 4) === 9 ? 7_200 : 0));
    const scaler = { maxAgents: 20, idleMs: 60_000, coolDownMs: 30_000, useForecast: true };
    const simulation = new Simulation(scaler, new Arrivals({ firstStretch, arrivals }));
    simulation.startMs = 240_000;
    const { arena } = simulation;
    const sender = arena.sender();
    arena.nowMs = day("04T08:20:00");
    simulation.runUntil(arena.nowMs + 1_000);
    sender.offer(1);
    simulation.runUntil(day("04T08:35:00"));
    assert.equal(simulation.crew.size, 0, "the task is done, and its agent is lost");
    const last = () => simulation.decisions.at(-1)?.reason ?? "";
    simulation.runUntil(day("04T08:59:00"));
    assert.match(last(), /by the days before .* tasks per second come in (28[89]|29[0-9]) s/);
    assert.ok(simulation.crew.size > 0, "they are there before the burst");
  });
});

describe("a burst at nine each day", () => {
  /** Each quarter of an hour from nine to ten, some thousand tasks: 8 per second, of 200 ms each. */
  const firstStretch = day("01T00:00:00") / stretchMs;
  const arrivals = Array.from({ length: 3 * 96 }, (_, at) => (Math.floor((at % 96) / 4) === 9 ? 7_200 : 0));
  const scaler = { maxAgents: 20, idleMs: 60_000, coolDownMs: 30_000, useForecast: true };

  for (const isForeseen of [true, false])
    it(`finds ${isForeseen ? "agents that were started before it" : "none without a forecast"}`, () => {
      const past = isForeseen ? new Arrivals({ firstStretch, arrivals }) : undefined;
      const simulation = new Simulation(scaler, past);
      const { arena } = simulation;
      const sender = arena.sender();
      arena.nowMs = day("04T08:40:00");
      simulation.runUntil(arena.nowMs + 1_000);
      sender.offer(1);
      simulation.runUntil(day("04T08:45:00"));
      assert.equal(simulation.crew.size, 0, "one task long before it keeps no agent");
      simulation.runUntil(day("04T08:59:30"));
      assert.equal(simulation.crew.size > 0, isForeseen);
      const reasons = simulation.decisions.map(({ reason }) => reason);
      assert.equal(
        reasons.some((reason) => /by the days before .* tasks per second come in 60 s/.test(reason)),
        isForeseen,
      );
      // On another day the forecast does not come true, and the agents go.
      simulation.runUntil(day("04T10:15:00"));
      assert.equal(simulation.crew.size, 0);
    });
});
