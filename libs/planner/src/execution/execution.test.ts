import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Draws } from "../chance/draws.ts";
import { Estimates } from "../estimates/estimates.ts";
import { heft } from "../plan/heft.ts";
import { improvedPlan } from "../plan/improve.ts";
import { Heap } from "../structures/heap.ts";
import { Median } from "../structures/median.ts";
import { arbitraryProblems, graphOf, pairsOf, problemOf } from "../testing/arbitraries.ts";
import { checkRules } from "../testing/rules.ts";
import { fleetOf } from "../work/work.ts";
import type { Assignment, Dispatcher } from "./dispatcher.ts";
import { execute } from "./execute.ts";
import { Follow } from "./follow.ts";
import { InLine } from "./in-line.ts";
import { LivePlan } from "./live-plan.ts";
import { KnownTimes, LearnedTimes, type Outlook } from "./outlook.ts";

/** Returns the given assignments, once each. */
function scripted(...assignments: readonly Assignment[]): Dispatcher {
  const remaining = [...assignments];
  const ready = new Set<number>();
  const nothing = () => undefined;
  return {
    ready: (task) => void ready.add(task),
    recordEnd: nothing,
    lost: nothing,
    next(presence) {
      const at = remaining.findIndex(({ task, agent }) => ready.has(task) && presence.freeSlots(agent) > 0);
      return at === -1 ? undefined : remaining.splice(at, 1)[0];
    },
  };
}

const three = graphOf(3, []);

describe("work done in virtual time", () => {
  it("ends even if the times exceed all numbers", () => {
    const problem = problemOf({ graph: three, sizesMs: [1.5e308, 1.5e308, 10] }, fleetOf([1]));
    const { endMs, unfinished } = execute(problem, new InLine(problem, { first: "ready", by: "anyone" }));
    assert.deepEqual([endMs[1], unfinished], [Number.POSITIVE_INFINITY, 0]);
  });

  it("queues assign a ready task to the first free agent, or to the fastest", () => {
    const problem = problemOf({ graph: three, sizesMs: [10, 10, 10] }, fleetOf([1, 2]));
    const blind = execute(problem, new InLine(problem, { first: "ready", by: "anyone" }));
    assert.deepEqual(
      [[...blind.agentOf], [...blind.endMs]],
      [
        [0, 1, 1],
        [10, 5, 10],
      ],
    );
    const fastest = execute(problem, new InLine(problem, { first: "ready", by: "fastest" }));
    assert.deepEqual(
      [[...fastest.agentOf], [...fastest.endMs]],
      [
        [1, 0, 1],
        [5, 10, 10],
      ],
    );
    const urgent = new InLine(problem, { first: Float64Array.of(1, 2, 3), by: "fastest" });
    assert.deepEqual([...execute(problem, urgent).startMs], [5, 0, 0]);
  });

  it("a task that no free agent can do blocks no other", () => {
    const problem = problemOf(
      { graph: three, sizesMs: [10, 10, 10], demands: [0, 0, 1] },
      { slots: [1, 1], paces: [1, Number.POSITIVE_INFINITY, 1, 1] },
    );
    const { startMs } = execute(problem, new InLine(problem, { first: "ready", by: "anyone" }));
    assert.deepEqual([...startMs], [0, 10, 0]);
  });

  it("a plan that is followed exactly ends on time, for any problem", () => {
    fc.assert(
      fc.property(arbitraryProblems(25, 5), (problem) => {
        for (const plan of [heft(problem), improvedPlan(problem, { steps: 10 })]) {
          assert.ok(plan !== undefined);
          const done = execute(problem, new Follow(plan));
          assert.equal(done.unfinished, 0);
          checkRules(problem, done);
          assert.ok(done.makespanMs <= plan.makespanMs + 1e-9);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a task is lost with its agent and restarts at another agent", () => {
    const fleet = { ...fleetOf([2, 1]), leaveMs: [3, Number.POSITIVE_INFINITY] };
    const problem = problemOf({ graph: graphOf(1, []), sizesMs: [8] }, fleet);
    const done = execute(problem, new InLine(problem, { first: "ready", by: "fastest" }));
    assert.deepEqual([done.makespanMs, done.losses, done.busyMs, [...done.agentOf]], [11, 1, 11, [1]]);
  });

  it("a task assigned twice counts once, and the slower agent stops", () => {
    const problem = problemOf({ graph: graphOf(2, []), sizesMs: [10, 4] }, fleetOf([1, 2]));
    const twice = scripted({ task: 0, agent: 0 }, { task: 1, agent: 1 }, { task: 0, agent: 1 });
    const done = execute(problem, twice);
    assert.deepEqual([done.makespanMs, done.copies, done.busyMs, [...done.agentOf]], [7, 1, 14, [1, 1]]);
  });

  it("a dispatcher that breaks a rule gets an error that names it", () => {
    const problem = problemOf(
      { graph: graphOf(2, [[0, 1]]), sizesMs: [1, 1], demands: [0, 1] },
      { slots: [1, 1], paces: [1, 1, 1, Number.POSITIVE_INFINITY] },
    );
    const always = (task: number, agent: number): Dispatcher => ({
      ...scripted(),
      next: () => ({ task, agent }),
    });
    assert.throws(() => execute(problem, always(1, 0)), /a task that is ready, was given 1/);
    assert.throws(() => execute(problem, always(0, 0)), /an agent that is free, was given 0/);
    const wrong = scripted({ task: 0, agent: 0 }, { task: 1, agent: 1 });
    assert.throws(() => execute(problem, wrong), /can do task 1, was given 1/);
  });

  it("tasks that never start are counted as left", () => {
    const problem = problemOf({ graph: three, sizesMs: [1, 1, 1] }, fleetOf([1]));
    assert.equal(execute(problem, scripted({ task: 0, agent: 0 })).unfinished, 2);
  });
});

/** An arbitrary outlook: a positive duration for each task at each agent, and another one at each call. */
function nonsense(seed: number): Outlook {
  const draws = new Draws(seed);
  const some = () => 0.1 + 20 * draws.next();
  const nothing = () => undefined;
  return {
    expectedMs: some,
    remainingMs: some,
    usualMs: some,
    prepare: nothing,
    ready: nothing,
    learn: nothing,
  };
}

describe("a live plan", () => {
  it("is about as fast as HEFT if all times are known and there are no gaps", () => {
    const draws = new Draws(5);
    for (let each = 0; each < 20; each++) {
      const edges = Array.from({ length: 40 }, () => draws.below(10_000));
      const sizesMs = Array.from({ length: 30 }, () => 1 + 50 * draws.next());
      const problem = problemOf(
        { graph: graphOf(30, pairsOf(30, edges)), sizesMs },
        fleetOf([1, 2, 0.5, 1.3]),
      );
      const live = execute(problem, new LivePlan(problem, new KnownTimes(problem))).makespanMs;
      const planned = heft(problem)?.makespanMs ?? 0;
      assert.ok(live <= planned * 1.1, `${live} beside ${planned}`);
    }
  });

  it("completes all tasks with any estimates, keeping the rules, with and without copies", () => {
    fc.assert(
      fc.property(arbitraryProblems(25, 4), fc.nat(), fc.boolean(), (problem, seed, copies) => {
        const done = execute(problem, new LivePlan(problem, nonsense(seed), { copies }));
        assert.equal(done.unfinished, 0);
        checkRules(problem, done);
        if (!copies) assert.equal(done.copies, 0);
      }),
      { numRuns: 400 },
    );
  });

  it("continues when agents leave", () => {
    const lasting = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lasting, fc.nat(), fc.boolean(), (leaveTimes, seed, copies) => {
        const graph = graphOf(8, [
          [0, 4],
          [1, 5],
          [4, 6],
        ]);
        // One agent stays: otherwise no task would end.
        const fleet = {
          ...fleetOf([...leaveTimes.map(() => 2), 1]),
          leaveMs: [...leaveTimes, Number.POSITIVE_INFINITY],
        };
        const problem = problemOf({ graph, sizesMs: [3, 5, 2, 8, 4, 1, 6, 7] }, fleet);
        assert.equal(execute(problem, new LivePlan(problem, nonsense(seed), { copies })).unfinished, 0);
      }),
    );
  });

  it("overtakes a straggler if copies are allowed", () => {
    // The duration of the third is unknown. It is started at the slow agent.
    const problem = problemOf({ graph: three, sizesMs: [10, 10, 100] }, fleetOf([2, 2, 1.2]));
    const tasks = ["a", "b", "c"].map((capability) => ({ capability, within: [], inputBytes: 0 }));
    const agents = [0.5, 0.5, 1 / 1.2].map((slowness, agent) => ({ agentId: `${agent}`, slowness }));
    const run = (copies: boolean) =>
      execute(
        problem,
        new LivePlan(problem, new LearnedTimes(problem, new Estimates(), tasks, agents), { copies }),
      );
    assert.ok(run(false).makespanMs > 83);
    const outrun = run(true);
    assert.ok(outrun.copies > 0 && outrun.makespanMs <= 60, `${outrun.makespanMs}`);
  });
});

describe("learned times", () => {
  const tasks = (count: number, inputBytes: (task: number) => number) =>
    Array.from({ length: count }, (_, task) => ({
      capability: "run/resize",
      within: ["resize"],
      inputBytes: inputBytes(task),
    }));
  const agents = [1, 2].map((slowness) => ({ agentId: `${slowness}`, slowness }));
  const problem = problemOf({ graph: graphOf(4, [[0, 3]]), sizesMs: [1, 1, 1, 1] }, fleetOf([1, 0.5]));

  it("start with the times of other tasks of the kind, and adapt to this run", () => {
    const estimates = new Estimates();
    for (let past = 0; past < 20; past++)
      estimates.learn({ capability: `past/${past}`, within: ["resize"], agentId: "", inputBytes: 0 }, 100);
    const times = new LearnedTimes(
      problem,
      estimates,
      tasks(4, () => 0),
      agents,
    );
    const before = times.expectedMs(1, 0);
    assert.ok(before > 80 && before < 160, `${before}`);
    assert.ok(Math.abs(times.expectedMs(1, 1) / before - 2) < 1e-9);
    times.learn(0, 1, 10_000);
    const after = times.expectedMs(1, 0);
    assert.ok(after > 4_000 && after < 9_000, `${after}`);
  });

  it("know a larger input when it is there, and pass it on to later tasks", () => {
    const times = new LearnedTimes(
      problem,
      new Estimates(),
      tasks(4, (task) => (task === 0 ? 4_000 : 1_000)),
      agents,
    );
    assert.equal(times.expectedMs(0, 0), times.expectedMs(1, 0));
    for (const task of [0, 1, 2]) times.ready(task);
    times.prepare();
    assert.ok(times.expectedMs(0, 0) > 1.5 * times.expectedMs(1, 0));
    assert.ok(times.expectedMs(3, 0) > 1.2 * times.expectedMs(1, 0));
  });

  it("do not consider an input large because one other input is small", () => {
    const times = new LearnedTimes(
      problem,
      new Estimates(),
      tasks(4, (task) => (task === 3 ? 10 : 1_000)),
      agents,
    );
    const usual = times.expectedMs(0, 0);
    for (const task of [0, 1, 3, 2]) times.ready(task);
    times.prepare();
    assert.equal(times.expectedMs(0, 0), usual);
    assert.ok(times.expectedMs(3, 0) < usual / 5);
  });

  it("expect longer times of tasks that have been running for long", () => {
    const times = new LearnedTimes(
      problem,
      new Estimates(),
      tasks(4, () => 0),
      agents,
    );
    const usual = times.expectedMs(0, 0);
    const remaining = [0, 1, 10, 100].map((factor) => times.remainingMs(0, 0, factor * usual, 0.5));
    assert.deepEqual(
      remaining.toSorted((one, other) => one - other),
      remaining,
    );
    assert.ok(times.remainingMs(0, 0, usual, 0.9) > times.remainingMs(0, 0, usual, 0.5));
  });
});

describe("a median", () => {
  it("is the median of the values, in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (values) => {
        const median = new Median();
        assert.equal(median.value, 0);
        for (const value of values) median.add(value);
        const sorted = values.toSorted((one, other) => one - other);
        const [low = 0, high = 0] = [sorted[(values.length - 1) >> 1], sorted[values.length >> 1]];
        assert.ok(Math.abs(median.value - (low + high) / 2) < 1e-9);
      }),
    );
  });
});

describe("a heap", () => {
  it("returns the smallest key first, and equal keys in order of insertion", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (keys) => {
        const heap = new Heap();
        keys.forEach((key, value) => {
          heap.push(key, value);
        });
        const expected = [...keys.keys()].sort(
          (one, other) => (keys[one] ?? 0) - (keys[other] ?? 0) || one - other,
        );
        assert.deepEqual(
          keys.map(() => heap.pop()),
          expected,
        );
        assert.equal(heap.pop(), undefined);
      }),
    );
  });
});

describe("chance", () => {
  it("continues from its state, and has the right spread", () => {
    const draws = new Draws(9);
    draws.next();
    const copy = new Draws(draws.state);
    assert.equal(draws.next(), copy.next());
    const mean = (draw: () => number) =>
      Array.from({ length: 20_000 }, draw).reduce((sum, each) => sum + each / 20_000, 0);
    const within = (actual: number, expected: number, off: number) =>
      assert.ok(Math.abs(actual - expected) < off, `${actual} is not ${expected}`);
    within(
      mean(() => draws.next()),
      0.5,
      0.01,
    );
    within(
      mean(() => draws.normal()),
      0,
      0.03,
    );
    within(
      mean(() => draws.normal() ** 2),
      1,
      0.05,
    );
  });
});
