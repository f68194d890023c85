import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { graphOf, pairsOf } from "../testing/arbitraries.ts";
import { cut } from "./cut.ts";

const modesOf = (parts: ReturnType<typeof cut>) => parts.map(({ mode, tasks }) => [mode, tasks.length]);

describe("cutting a graph", () => {
  /** Five steps, then ten in parallel that join in one. */
  const chainAndBag = graphOf(16, [
    ...[0, 1, 2, 3].map((task) => [task, task + 1] as const),
    ...Array.from({ length: 10 }, (_, at) => [4, 5 + at] as const),
    ...Array.from({ length: 10 }, (_, at) => [5 + at, 15] as const),
  ]);

  it("short chains become a run, short bags a mission, and long tasks a plan", () => {
    const short = cut({ graph: chainAndBag, sizesMs: new Float64Array(16).fill(5), shortMs: 50 });
    assert.deepEqual(modesOf(short), [
      ["workflow", 4],
      ["swarm", 12],
    ]);
    const sizesMs = Float64Array.from({ length: 16 }, (_, task) => (task < 5 ? 5 : 500));
    assert.deepEqual(modesOf(cut({ graph: chainAndBag, sizesMs, shortMs: 50 })), [
      ["workflow", 4],
      ["intelligence", 12],
    ]);
  });

  it("a graph of one kind becomes one part", () => {
    const chain = graphOf(
      6,
      [0, 1, 2, 3, 4].map((task) => [task, task + 1] as const),
    );
    assert.deepEqual(modesOf(cut({ graph: chain, sizesMs: new Float64Array(6).fill(1), shortMs: 50 })), [
      ["workflow", 6],
    ]);
    assert.deepEqual(modesOf(cut({ graph: chain, sizesMs: new Float64Array(6).fill(99), shortMs: 50 })), [
      ["intelligence", 6],
    ]);
    const bag = graphOf(20, []);
    assert.deepEqual(modesOf(cut({ graph: bag, sizesMs: new Float64Array(20).fill(1), shortMs: 50 })), [
      ["swarm", 20],
    ]);
  });

  it("tasks that find more tasks become a mission", () => {
    const finds = Float64Array.from({ length: 16 }, (_, task) => (task >= 5 && task < 15 ? 1 : 0));
    const parts = cut({ graph: chainAndBag, sizesMs: new Float64Array(16).fill(500), finds, shortMs: 50 });
    assert.deepEqual(modesOf(parts), [
      ["swarm", 11],
      ["intelligence", 5],
    ]);
  });

  it("every task is in one part, for any graph", () => {
    const inputs = fc.record({
      size: fc.integer({ min: 0, max: 40 }),
      edges: fc.array(fc.nat(10_000), { maxLength: 60 }),
      sizes: fc.array(fc.constantFrom(1, 100), { minLength: 40, maxLength: 40 }),
      finds: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 40, maxLength: 40 }),
    });
    fc.assert(
      fc.property(inputs, ({ size, edges, sizes, finds }) => {
        const graph = graphOf(size, pairsOf(size, edges));
        const parts = cut({ graph, sizesMs: sizes, finds, shortMs: 50 });
        const all = parts.flatMap(({ tasks }) => tasks).toSorted((one, other) => one - other);
        assert.deepEqual(
          all,
          Array.from({ length: size }, (_, task) => task),
        );
        assert.ok(parts.length <= 3 && new Set(parts.map(({ mode }) => mode)).size === parts.length);
      }),
    );
  });
});
