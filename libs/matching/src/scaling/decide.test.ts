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
const idle: Load = {
  ...{
    queued: 0,
    longestWaitMs: 0,
    running: 0,
    arrivalsPerSec: 0,
    finishesPerSec: 0,
    ...{ expectedPerSec: 0, leadMs: 60_000 },
    meanMs: 0,
  },
  ...{ foreignSlots: 0, foreignBusySlots: 0 },
  ...{ slots: 0, busySlots: 0, roomySlots: 0, agents: 0, idleAgents: 0 },
  isPoolPaused: false,
};
const day: Bounds = { minAgents: 0, maxAgents: 10, isNight: false };
const night: Bounds = { minAgents: 0, maxAgents: 1, isNight: true };
/** `agents` agents of two slots each. */
const staffed = (agents: number, load: Partial<Load> = {}): Load => ({
  ...{ ...idle, agents, slots: 2 * agents, roomySlots: 2 * agents },
  ...load,
});
const wanting = (wanted: number, changedMs = 0): ScalerMemory => ({
  ...{ wanted, changedMs, isNight: false, slotsPerAgent: 2 },
});
const nowMs = 1_000_000;

interface Case {
  readonly title: string;
  readonly load: Partial<Load>;
  readonly before?: ScalerMemory;
  readonly bounds?: Bounds;
  readonly rules?: Partial<ScalingRules>;
  readonly wanted: number;
  readonly reason: RegExp;
}

const cases: readonly Case[] = [
  { title: "nothing to do", load: {}, wanted: 0, reason: /no tasks are queued or running/ },
  { title: "the first task, from none", load: { queued: 1 }, wanted: 1, reason: /1 task waits/ },
  {
    title: "a burst of tasks whose time is known",
    load: { queued: 1_000, meanMs: 100 },
    wanted: 10,
    reason: /20 would be needed, 10 are allowed/,
    before: wanting(0),
    rules: { targetWaitMs: 2_500 },
  },
  {
    title: "a burst of tasks of unknown duration: one, to learn from",
    load: { queued: 1_000 },
    wanted: 1,
    reason: /1000 tasks wait/,
  },
  {
    title: "tasks that have waited too long",
    load: staffed(4, { queued: 100, longestWaitMs: 6_000, running: 8, meanMs: 10, roomySlots: 0 }),
    before: wanting(4),
    wanted: 6,
    reason: /has waited for 6 s, more than 5 s/,
  },
  {
    title: "no more agents than tasks",
    load: staffed(2, { queued: 1, longestWaitMs: 60_000, running: 4, roomySlots: 0 }),
    before: wanting(2),
    wanted: 3,
    reason: /waited/,
  },
  {
    title: "tasks that wait for something else than its agents",
    load: staffed(2, { queued: 50, longestWaitMs: 60_000, running: 1, roomySlots: 3 }),
    before: wanting(2, nowMs - 1),
    wanted: 2,
    reason: /its agents cannot do/,
  },
  {
    title: "others that do the same",
    load: { queued: 100, meanMs: 100, foreignSlots: 3, longestWaitMs: 10 },
    before: wanting(0),
    wanted: 1,
    reason: /100 tasks wait/,
  },
  {
    title: "another agent that claims many slots and takes no task",
    load: staffed(1, {
      ...{ queued: 40, running: 2, longestWaitMs: 6_000, meanMs: 1_000, roomySlots: 0 },
      foreignSlots: 100_000,
    }),
    before: wanting(1),
    wanted: 5,
    reason: /one of 40 tasks has waited for 6 s/,
  },
  {
    title: "its own agents that claim many slots and take few tasks",
    load: staffed(2, { queued: 40, running: 4, longestWaitMs: 6_000, roomySlots: 0, slots: 200_000 }),
    before: wanting(2),
    wanted: 3,
    reason: /one of 40 tasks has waited for 6 s/,
  },
  {
    title: "a pool that is paused",
    load: { queued: 100, isPoolPaused: true },
    wanted: 0,
    reason: /pool is paused/,
  },
  {
    title: "idle agents",
    load: staffed(5, { idleAgents: 3 }),
    before: wanting(5),
    wanted: 2,
    reason: /3 agents have been idle for 1 min/,
  },
  {
    title: "idle agents, within the time to cool down",
    load: staffed(5, { idleAgents: 5 }),
    before: wanting(5, nowMs - 1_000),
    wanted: 5,
    reason: /in 59 s they may go/,
  },
  {
    title: "idle agents that have to be there",
    load: staffed(5, { idleAgents: 5 }),
    before: wanting(5),
    bounds: { ...day, minAgents: 4 },
    wanted: 4,
    reason: /1 agent has been idle/,
  },
  {
    title: "agents that are not idle for long enough",
    load: staffed(5),
    before: wanting(5),
    wanted: 5,
    reason: /no agent has been idle/,
  },
  { title: "a minimum", load: {}, bounds: { ...day, minAgents: 3 }, wanted: 3, reason: /at least 3 agents/ },
  {
    title: "a maximum that has come down, at once",
    load: staffed(8, { running: 16, roomySlots: 0 }),
    before: wanting(8, nowMs - 1),
    bounds: { ...day, maxAgents: 5 },
    wanted: 5,
    reason: /at most 5 agents/,
  },
  {
    title: "the beginning of a night, with nothing to do",
    load: staffed(5),
    before: wanting(5, nowMs - 1),
    bounds: night,
    wanted: 0,
    reason: /all sleep/,
  },
  {
    title: "the beginning of a night, with something to do",
    load: staffed(5, { running: 3 }),
    before: wanting(5, nowMs - 1),
    bounds: night,
    wanted: 1,
    reason: /at most 1/,
  },
  {
    title: "the first task of a night",
    load: { queued: 7 },
    before: { ...wanting(0, nowMs - 1), isNight: true },
    bounds: night,
    wanted: 1,
    reason: /7 tasks wait.*4 would be needed, 1 are allowed|7 tasks wait/,
  },
  {
    title: "a scaler that is paused",
    load: { queued: 100 },
    before: wanting(2),
    rules: { paused: true },
    wanted: 2,
    reason: /the scaler is paused/,
  },
];

describe("a decision of a scaler", () => {
  for (const { title, load, before = newcomer, bounds = day, rules: overrides = {}, wanted, reason } of cases)
    it(`handles ${title}`, () => {
      const decided = decideScaling({ ...rules, ...overrides }, bounds, { ...idle, ...load }, before, nowMs);
      assert.equal(decided.wanted, wanted, decided.reason);
      assert.match(decided.reason, reason);
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
  foreignBusySlots: fc.oneof(fc.constant(0), fc.nat(100)),
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
      fc.property(steps(bounds), (drawn) => {
        for (const { wanted, within } of decisions(drawn))
          assert.ok(wanted >= within.minAgents && wanted <= within.maxAgents && Number.isInteger(wanted));
      }),
      { seed: 1 },
    );
  });

  it("removes no agent within the time to cool down, as long as its bounds are the same", () => {
    fc.assert(
      fc.property(bounds, steps(fc.constant(day)), (within, drawn) => {
        let before: { wanted: number; changedMs: number } = {
          wanted: 0,
          changedMs: Number.NEGATIVE_INFINITY,
        };
        for (const { wanted, atMs, memory } of decisions(drawn.map((each) => ({ ...each, within })))) {
          if (wanted < before.wanted) assert.ok(atMs - before.changedMs >= coolDownMs);
          before = { wanted, changedMs: memory.changedMs };
        }
      }),
      { seed: 2 },
    );
  });

  it("has an agent for the first task", () => {
    fc.assert(
      fc.property(steps(bounds), (drawn) => {
        for (const { wanted, load } of decisions(drawn))
          if (load.queued > 0 && load.roomySlots === 0 && !load.isPoolPaused) assert.ok(wanted >= 1);
      }),
      { seed: 3 },
    );
  });

  it("gives a reason", () => {
    fc.assert(
      fc.property(steps(bounds), (drawn) => {
        for (const { reason } of decisions(drawn)) assert.notEqual(reason, "");
      }),
      { seed: 4, numRuns: 20 },
    );
  });
});
