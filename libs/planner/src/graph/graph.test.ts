import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { timingOf } from "./critical-path.ts";
import { type Graph, sizeOf, topologicalOrder } from "./graph.ts";
import { levelsOf, widthOf } from "./width.ts";

/** Returns the graph of these edges. */
function graphOf(size: number, pairs: readonly (readonly [number, number])[]): Graph {
  const offsets = [0];
  const targets: number[] = [];
  for (let task = 0; task < size; task++) {
    for (const [from, to] of pairs) if (from === task) targets.push(to);
    offsets.push(targets.length);
  }
  return { offsets, targets };
}

const arbitraryGraph = fc
  .record({ size: fc.integer({ min: 0, max: 9 }), density: fc.array(fc.nat(), { maxLength: 14 }) })
  .map(({ size, density }) => {
    const pairs = density.flatMap((seed): [number, number][] => {
      if (size < 2) return [];
      const to = 1 + (seed % (size - 1));
      return [[Math.floor(seed / 7) % to, to]];
    });
    return graphOf(size, pairs);
  });

describe("a graph of tasks", () => {
  // Reserve, then charge and pack side by side, then ship.
  const diamond = graphOf(4, [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ]);

  it("has a critical path, and slack for the other tasks", () => {
    const { criticalPath, lengthMs, workMs, slackMs, startMs } = timingOf(diamond, [10, 50, 20, 5]);
    assert.deepEqual([criticalPath, lengthMs, workMs], [[0, 1, 3], 65, 85]);
    assert.deepEqual([...slackMs], [0, 0, 30, 0]);
    assert.deepEqual([...startMs], [0, 10, 10, 60]);
  });

  it("has a path from the beginning to an end even without durations", () => {
    assert.deepEqual(timingOf(diamond, [0, 0, 0, 0]).criticalPath, [0, 1, 3]);
  });

  it("has as its width the number of tasks that can run in parallel, also across levels", () => {
    assert.equal(widthOf(diamond), 2);
    // Two chains, of 3 and of 1: the single task may run in parallel with any of the three.
    const chains = graphOf(4, [
      [0, 1],
      [1, 2],
    ]);
    assert.deepEqual([widthOf(chains), [...levelsOf(chains)]], [2, [0, 1, 2, 0]]);
  });

  it("a circle is refused", () => {
    const circle = graphOf(3, [
      [0, 1],
      [1, 2],
      [2, 1],
    ]);
    assert.throws(() => topologicalOrder(circle), /got 2 tasks in some/);
  });

  it("without tasks has width and length zero", () => {
    const emptyGraph = graphOf(0, []);
    assert.deepEqual(
      [widthOf(emptyGraph), timingOf(emptyGraph, []).lengthMs, timingOf(emptyGraph, []).criticalPath],
      [0, 0, []],
    );
  });

  it("a hundred thousand tasks in a row need no recursion", () => {
    const size = 100_000;
    const offsets = Array.from({ length: size + 1 }, (_, task) => Math.min(task, size - 1));
    const targets = Array.from({ length: size - 1 }, (_, task) => task + 1);
    const chain = { offsets, targets };
    assert.equal(timingOf(chain, new Float64Array(size).fill(1)).lengthMs, size);
    assert.equal(widthOf(chain), 1);
  });

  it("has the same width and path as by exhaustive search, for any small graph", () => {
    fc.assert(
      fc.property(
        arbitraryGraph,
        fc.array(fc.nat(20), { minLength: 9, maxLength: 9 }),
        (graph, durations) => {
          assert.equal(widthOf(graph), widthByTrying(graph));
          const { lengthMs, criticalPath, slackMs } = timingOf(graph, durations);
          assert.equal(lengthMs, longestByTrying(graph, durations));
          assert.equal(
            criticalPath.reduce((sum, task) => sum + (durations[task] ?? 0), 0),
            lengthMs,
          );
          for (const task of criticalPath) assert.equal(slackMs[task], 0);
        },
      ),
    );
  });
});

function successorsOf({ offsets, targets }: Graph, task: number): number[] {
  return Array.from(targets).slice(offsets[task], offsets[task + 1]);
}

function reachable(graph: Graph, from: number): Set<number> {
  const found = new Set<number>();
  const visit = (task: number): void => {
    for (const next of successorsOf(graph, task)) {
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

function widthByTrying(graph: Graph): number {
  const size = sizeOf(graph);
  const after = Array.from({ length: size }, (_, task) => reachable(graph, task));
  let widest = 0;
  for (let subset = 0; subset < 2 ** size; subset++) {
    const tasks = Array.from({ length: size }, (_, task) => task).filter((task) => (subset >> task) & 1);
    const isAntichain = tasks.every((task) => tasks.every((other) => !after[task]?.has(other)));
    if (isAntichain) widest = Math.max(widest, tasks.length);
  }
  return widest;
}

function longestByTrying(graph: Graph, durations: readonly number[]): number {
  const from = (task: number): number =>
    (durations[task] ?? 0) + Math.max(0, ...successorsOf(graph, task).map(from));
  return Math.max(0, ...Array.from({ length: sizeOf(graph) }, (_, task) => from(task)));
}
