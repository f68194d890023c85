import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Draws } from "../chance/draws.ts";
import { timingOf } from "../graph/critical-path.ts";
import { arbitraryProblems, graphOf, pairsOf, problemOf } from "../testing/arbitraries.ts";
import { shortestMs } from "../testing/brute-force.ts";
import { checkRules } from "../testing/rules.ts";
import { prepare } from "../work/problem.ts";
import { fleetOf } from "../work/work.ts";
import { lowerBounds } from "./bounds.ts";
import { FreeTime } from "./free-time.ts";
import { heft } from "./heft.ts";
import { improvedPlan } from "./improve.ts";
import { leastTimes, meanTimes, upwardRanks } from "./ranks.ts";

const assertNear = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `expected ${expected}, got ${actual}`);

/** Small enough to try every plan. */
const tiny = arbitraryProblems(5, 3);

describe("ranks", () => {
  // A diamond: 0, then 1 and 2, then 3.
  const diamond = graphOf(4, [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ]);

  it("are the longest way to the end, moves included", () => {
    const problem = problemOf(
      { graph: diamond, sizesMs: [10, 50, 20, 5], moveMs: [3, 0, 40, 7] },
      fleetOf([1, 1]),
    );
    assert.deepEqual([...upwardRanks(problem, meanTimes(problem))], [78, 55, 65, 5]);
  });

  it("use the mean over the agents that can do a task, or the least", () => {
    const problem = problemOf(
      { graph: graphOf(2, []), sizesMs: [10, 10], demands: [0, 1] },
      { slots: [1, 1], paces: [1, 2, Number.POSITIVE_INFINITY, 3] },
    );
    assert.deepEqual(
      [[...meanTimes(problem)], [...leastTimes(problem)]],
      [
        [15, 30],
        [10, 30],
      ],
    );
  });
});

describe("lower bounds", () => {
  it("consider path, work and levels: three long tasks on one fast slot and two slow ones", () => {
    const problem = problemOf({ graph: graphOf(3, []), sizesMs: [12, 12, 12] }, fleetOf([2, 1, 0.25]));
    const { pathMs, workMs, sharpMs } = lowerBounds(problem);
    assert.deepEqual([pathMs, workMs], [6, 36 / 3.25]);
    assertNear(sharpMs, 36 / 3.25);
    // Two tasks cannot use the third slot: 24 on speeds 2 and 1.
    const two = problemOf({ graph: graphOf(2, []), sizesMs: [12, 12] }, fleetOf([2, 1, 1]));
    assert.deepEqual(lowerBounds(two), { pathMs: 6, workMs: 6, sharpMs: 8 });
  });

  it("consider that a join waits for all of its inputs: two waves of eight on four slots", () => {
    const pairs = Array.from({ length: 8 }, (_, at): [number, number][] => [
      [at, 8],
      [8, 9 + at],
    ]).flat();
    const problem = problemOf(
      { graph: graphOf(17, pairs), sizesMs: new Array(17).fill(10) },
      fleetOf([1, 1, 1, 1]),
    );
    const { pathMs, workMs, sharpMs } = lowerBounds(problem);
    assert.deepEqual([pathMs, workMs, sharpMs], [30, 42.5, 50]);
    assert.equal(heft(problem)?.makespanMs, 50);
  });

  it("are never above the shortest plan, and the sharp bound is never below the others", () => {
    fc.assert(
      fc.property(tiny, (problem) => {
        const { pathMs, workMs, sharpMs } = lowerBounds(problem);
        assert.ok(sharpMs >= Math.max(pathMs, workMs) - 1e-9);
        assert.ok(sharpMs <= shortestMs(problem) + 1e-9);
      }),
      { numRuns: 150 },
    );
  });
});

describe("a plan", () => {
  it("keeps every rule, and is at least as long as the shortest plan and at most as long as HEFT", () => {
    fc.assert(
      fc.property(tiny, (problem) => {
        const plain = heft(problem);
        const better = improvedPlan(problem, { steps: 60 });
        assert.ok(plain !== undefined && better !== undefined);
        checkRules(problem, plain);
        checkRules(problem, better);
        assert.ok(better.makespanMs <= plain.makespanMs + 1e-9);
        assert.ok(better.makespanMs >= shortestMs(problem) - 1e-9);
      }),
      { numRuns: 150 },
    );
  });

  it("keeps every rule for larger problems, and is never shorter than the bound", () => {
    fc.assert(
      fc.property(arbitraryProblems(40, 6), (problem) => {
        const plan = improvedPlan(problem, { steps: 20 });
        assert.ok(plan !== undefined);
        checkRules(problem, plan);
        assert.ok(plan.makespanMs >= lowerBounds(problem).sharpMs - 1e-9);
      }),
      { numRuns: 150 },
    );
  });

  it("fills a gap before tasks that were placed earlier", () => {
    // The long chain leaves agent 0 free while it waits for the release of task 1.
    const problem = problemOf(
      { graph: graphOf(3, [[0, 1]]), sizesMs: [2, 10, 3], releaseMs: [0, 6, 0] },
      fleetOf([1]),
    );
    const plan = heft(problem);
    assert.deepEqual([...(plan?.startMs ?? [])], [0, 6, 2]);
  });

  it("is the shortest on 94 of 100 graphs of six tasks on three agents, and HEFT on 55", () => {
    const draws = new Draws(11);
    let plain = 0;
    let improved = 0;
    for (let each = 0; each < 100; each++) {
      const edges = Array.from({ length: 5 }, () => draws.below(10_000));
      const sizesMs = Array.from({ length: 6 }, () => 1 + draws.below(20));
      const problem = problemOf({ graph: graphOf(6, pairsOf(6, edges)), sizesMs }, fleetOf([0.5, 1, 2]));
      const shortest = shortestMs(problem);
      if ((heft(problem)?.makespanMs ?? 0) <= shortest + 1e-9) plain++;
      if ((improvedPlan(problem, { steps: 400 })?.makespanMs ?? 0) <= shortest + 1e-9) improved++;
    }
    assert.deepEqual([plain, improved], [55, 94]);
  });

  it("is the same for the same seed, and ends when its stop function returns true", () => {
    const draws = new Draws(3);
    const edges = Array.from({ length: 60 }, () => draws.below(10_000));
    const sizesMs = Array.from({ length: 40 }, () => 1 + draws.below(50));
    const problem = problemOf({ graph: graphOf(40, pairsOf(40, edges)), sizesMs }, fleetOf([1, 2, 0.7, 0.6]));
    const improved = improvedPlan(problem, { steps: 300, seed: 5 });
    assert.deepEqual(improved, improvedPlan(problem, { steps: 300, seed: 5 }));
    const stopped = improvedPlan(problem, { steps: 1_000_000, stop: () => true });
    assert.ok((stopped?.steps ?? 0) <= 16, `${stopped?.steps} steps`);
  });

  it("without tasks is over at once", () => {
    const problem = problemOf({ graph: graphOf(0, []), sizesMs: [] }, fleetOf([1]));
    assert.deepEqual([heft(problem)?.makespanMs, improvedPlan(problem, { steps: 9 })?.makespanMs], [0, 0]);
  });

  it("on agents without limits takes as long as the critical path", () => {
    fc.assert(
      fc.property(arbitraryProblems(8, 1), ({ after, sizesMs, tasks }) => {
        const plan = heft(problemOf({ graph: after, sizesMs }, fleetOf(new Array(tasks).fill(1))));
        assertNear(plan?.makespanMs ?? 0, timingOf(after, sizesMs).lengthMs);
      }),
    );
  });
});

describe("a problem", () => {
  const graph = graphOf(2, [[0, 1]]);

  it("is refused, naming the task, if no agent can do it or stays long enough", () => {
    const nobody = { slots: [1], paces: [1, Number.POSITIVE_INFINITY] };
    assert.deepEqual(prepare({ graph, sizesMs: [1, 1], demands: [0, 1] }, nobody), {
      impossible: { task: 1, reason: "no agent" },
    });
    assert.deepEqual(prepare({ graph, sizesMs: [1, 9] }, { ...fleetOf([1]), leaveMs: [8] }), {
      impossible: { task: 1, reason: "no agent stays long enough" },
    });
    assert.deepEqual(prepare({ graph, sizesMs: [1, 1] }, { slots: [], paces: [] }), {
      impossible: { task: 0, reason: "no agent" },
    });
  });

  it("has no plan if agents leave before all tasks have ended", () => {
    const fleet = { ...fleetOf([1]), leaveMs: [10] };
    const problem = problemOf({ graph, sizesMs: [6, 6] }, fleet);
    assert.deepEqual([heft(problem), improvedPlan(problem, { steps: 5 })], [undefined, undefined]);
  });

  it("keeps pinned tasks at their agents, and busy slots until their work ends", () => {
    const problem = problemOf(
      { graph, sizesMs: [4, 4], pinned: [1, -1] },
      { ...fleetOf([2, 1]), slotFreeMs: [0, 3] },
    );
    const plan = heft(problem);
    assert.deepEqual(
      [[...(plan?.agentOf ?? [])], [...(plan?.startMs ?? [])]],
      [
        [1, 0],
        [3, 7],
      ],
    );
  });
});

describe("free time", () => {
  it("returns the first gap that fits a task, as a linear search does", () => {
    const request = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 6 }));
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (all) => {
        const free = new FreeTime();
        free.reset(2, 60);
        const occupied: [number, number][] = [];
        for (const [readyMs, taskMs] of all) {
          const clashes = (start: number) =>
            occupied.some(([from, to]) => from < start + taskMs && start < to);
          let expected = Math.max(readyMs, 2);
          while (expected + taskMs <= 60 && clashes(expected)) expected++;
          const found = free.earliest(readyMs, taskMs);
          assert.equal(found, expected + taskMs <= 60 ? expected : Number.POSITIVE_INFINITY);
          if (found === Number.POSITIVE_INFINITY) continue;
          free.occupy(readyMs, taskMs);
          occupied.push([found, found + taskMs]);
        }
      }),
    );
  });
});
