import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decideScaling, type ScalingDecision } from "./decide.ts";
import { type Load, newcomer, type ScalerMemory, type ScalingRules } from "./rules.ts";
import type { Bounds } from "./windows.ts";

const rules: ScalingRules = {
  ...{ minAgents: 0, maxAgents: 10, targetWaitMs: 5_000, coolDownMs: 60_000, idleMs: 60_000 },
  ...{ paused: false, windows: [] },
};
const quiet: Load = {
  ...{
    queued: 0,
    longestWaitMs: 0,
    running: 0,
    arrivalsPerSec: 0,
    finishesPerSec: 0,
    ...{ expectedPerSec: 0, leadMs: 60_000 },
    meanMs: 0,
  },
  ...{ foreignSlots: 0, slots: 0, busySlots: 0, roomySlots: 0, agents: 0, idleAgents: 0 },
  isPoolPaused: false,
};
const day: Bounds = { minAgents: 0, maxAgents: 10, isNight: false };
const night: Bounds = { minAgents: 0, maxAgents: 1, isNight: true };
/** `agents` agents of two slots each. */
const staffed = (agents: number, load: Partial<Load> = {}): Load => ({
  ...{ ...quiet, agents, slots: 2 * agents, roomySlots: 2 * agents },
  ...load,
});
const wanting = (wanted: number, changedMs = 0): ScalerMemory => ({
  ...{ wanted, changedMs, isNight: false, slotsPerAgent: 2 },
});
const nowMs = 1_000_000;

interface Case {
  readonly what: string;
  readonly load: Partial<Load>;
  readonly before?: ScalerMemory;
  readonly bounds?: Bounds;
  readonly rules?: Partial<ScalingRules>;
  readonly wanted: number;
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  { what: "nothing to do", load: {}, wanted: 0, says: /nothing to do/ },
  { what: "the first task, from none", load: { queued: 1 }, wanted: 1, says: /1 task waits/ },
  {
    what: "a burst of tasks whose time is known",
    load: { queued: 1_000, meanMs: 100 },
    wanted: 10,
    says: /20 would be needed, 10 are allowed/,
    before: wanting(0),
    rules: { targetWaitMs: 2_500 },
  },
  {
    what: "a burst of tasks of unknown duration: one, to learn from",
    load: { queued: 1_000 },
    wanted: 1,
    says: /1000 tasks wait/,
  },
  {
    what: "tasks that have waited too long",
    load: staffed(4, { queued: 100, longestWaitMs: 6_000, running: 8, meanMs: 10, roomySlots: 0 }),
    before: wanting(4),
    wanted: 6,
    says: /has waited for 6000 ms, more than 5000 ms/,
  },
  {
    what: "no more agents than tasks",
    load: staffed(2, { queued: 1, longestWaitMs: 60_000, running: 4, roomySlots: 0 }),
    before: wanting(2),
    wanted: 3,
    says: /waited/,
  },
  {
    what: "tasks that wait for something else than its agents",
    load: staffed(2, { queued: 50, longestWaitMs: 60_000, running: 1, roomySlots: 3 }),
    before: wanting(2, nowMs - 1),
    wanted: 2,
    says: /its agents cannot do/,
  },
  {
    what: "others that do the same",
    load: { queued: 100, meanMs: 100, foreignSlots: 3, longestWaitMs: 10 },
    before: wanting(0),
    wanted: 1,
    says: /100 tasks wait/,
  },
  {
    what: "a pool that is paused",
    load: { queued: 100, isPoolPaused: true },
    wanted: 0,
    says: /pool is paused/,
  },
  {
    what: "idle agents",
    load: staffed(5, { idleAgents: 3 }),
    before: wanting(5),
    wanted: 2,
    says: /3 agents have been idle for 60000 ms/,
  },
  {
    what: "idle agents, within the time to cool down",
    load: staffed(5, { idleAgents: 5 }),
    before: wanting(5, nowMs - 1_000),
    wanted: 5,
    says: /in 59000 ms they may go/,
  },
  {
    what: "idle agents that have to be there",
    load: staffed(5, { idleAgents: 5 }),
    before: wanting(5),
    bounds: { ...day, minAgents: 4 },
    wanted: 4,
    says: /1 agent has been idle/,
  },
  {
    what: "agents that are not idle for long enough",
    load: staffed(5),
    before: wanting(5),
    wanted: 5,
    says: /no agent has been idle/,
  },
  { what: "a minimum", load: {}, bounds: { ...day, minAgents: 3 }, wanted: 3, says: /at least 3 agents/ },
  {
    what: "a maximum that has come down, at once",
    load: staffed(8, { running: 16, roomySlots: 0 }),
    before: wanting(8, nowMs - 1),
    bounds: { ...day, maxAgents: 5 },
    wanted: 5,
    says: /at most 5 agents/,
  },
  {
    what: "the beginning of a night, with nothing to do",
    load: staffed(5),
    before: wanting(5, nowMs - 1),
    bounds: night,
    wanted: 0,
    says: /all sleep/,
  },
  {
    what: "the beginning of a night, with something to do",
    load: staffed(5, { running: 3 }),
    before: wanting(5, nowMs - 1),
    bounds: night,
    wanted: 1,
    says: /at most 1/,
  },
  {
    what: "the first task of a night",
    load: { queued: 7 },
    before: { ...wanting(0, nowMs - 1), isNight: true },
    bounds: night,
    wanted: 1,
    says: /7 tasks wait.*4 would be needed, 1 are allowed|7 tasks wait/,
  },
  {
    what: "a scaler that is paused",
    load: { queued: 100 },
    before: wanting(2),
    rules: { paused: true },
    wanted: 2,
    says: /the scaler is paused/,
  },
];

describe("a decision of a scaler", () => {
  for (const { what, load, before = newcomer, bounds = day, rules: given = {}, wanted, says } of cases)
    it(`sees ${what}`, () => {
      const decided = decideScaling({ ...rules, ...given }, bounds, { ...quiet, ...load }, before, nowMs);
      assert.equal(decided.wanted, wanted, decided.reason);
      assert.match(decided.reason, says);
    });

  it("names the metrics it is based on", () => {
    const { figures } = decideScaling(rules, day, staffed(4, { busySlots: 2, queued: 3 }), newcomer, nowMs);
    assert.deepEqual(
      [figures["queued"], figures["busyShare"], figures["maxAgents"], figures["agents"]],
      [3, 0.25, 10, 4],
    );
  });
});

/** Any load, in any order. */
const loads = fc.record({
  queued: fc.oneof(fc.constant(0), fc.nat(10_000)),
  longestWaitMs: fc.nat(100_000),
  running: fc.nat(500),
  arrivalsPerSec: fc.double({ min: 0, max: 1e4, noNaN: true }),
  expectedPerSec: fc.double({ min: 0, max: 1e4, noNaN: true }),
  leadMs: fc.constant(60_000),
  finishesPerSec: fc.double({ min: 0, max: 1e4, noNaN: true }),
  meanMs: fc.oneof(fc.constant(0), fc.nat(100_000)),
  foreignSlots: fc.oneof(fc.constant(0), fc.nat(100)),
  slots: fc.nat(1_000),
  busySlots: fc.nat(1_000),
  roomySlots: fc.oneof(fc.constant(0), fc.nat(10)),
  agents: fc.nat(100),
  idleAgents: fc.nat(100),
  isPoolPaused: fc.boolean(),
});
const bounds: fc.Arbitrary<Bounds> = fc.oneof(
  fc.constant(night),
  fc
    .tuple(fc.nat(20), fc.integer({ min: 1, max: 40 }))
    .map(([least, most]) => ({ minAgents: Math.min(least, most), maxAgents: most, isNight: false })),
);
const coolDownMs = 1_000;

/** Returns the decisions of a scaler for one load after the other. */
function decisions(
  each: readonly { readonly load: Load; readonly afterMs: number; readonly within: Bounds }[],
): readonly (ScalingDecision & { readonly atMs: number; readonly within: Bounds; readonly load: Load })[] {
  let memory = newcomer;
  let atMs = 0;
  return each.map(({ load, afterMs, within }) => {
    atMs += afterMs;
    const decided = decideScaling({ ...rules, coolDownMs }, within, load, memory, atMs);
    memory = decided.memory;
    return { ...decided, atMs, within, load };
  });
}

describe("under any load, a scaler", () => {
  const steps = (within: fc.Arbitrary<Bounds>) =>
    fc.array(fc.record({ load: loads, afterMs: fc.nat(400), within }), { maxLength: 60 });

  it("never leaves its bounds", () => {
    fc.assert(
      fc.property(steps(bounds), (given) => {
        for (const { wanted, within } of decisions(given))
          assert.ok(wanted >= within.minAgents && wanted <= within.maxAgents && Number.isInteger(wanted));
      }),
      { seed: 1 },
    );
  });

  it("removes no agent within the time to cool down, as long as its bounds are the same", () => {
    fc.assert(
      fc.property(bounds, steps(fc.constant(day)), (within, given) => {
        let before: { wanted: number; changedMs: number } = {
          wanted: 0,
          changedMs: Number.NEGATIVE_INFINITY,
        };
        for (const { wanted, atMs, memory } of decisions(given.map((each) => ({ ...each, within })))) {
          if (wanted < before.wanted) assert.ok(atMs - before.changedMs >= coolDownMs);
          before = { wanted, changedMs: memory.changedMs };
        }
      }),
      { seed: 2 },
    );
  });

  it("has an agent for the first task", () => {
    fc.assert(
      fc.property(steps(bounds), (given) => {
        for (const { wanted, load } of decisions(given))
          if (load.queued > 0 && load.roomySlots === 0 && !load.isPoolPaused) assert.ok(wanted >= 1);
      }),
      { seed: 3 },
    );
  });

  it("says why", () => {
    fc.assert(
      fc.property(steps(bounds), (given) => {
        for (const { reason } of decisions(given)) assert.notEqual(reason, "");
      }),
      { seed: 4, numRuns: 20 },
    );
  });
});
