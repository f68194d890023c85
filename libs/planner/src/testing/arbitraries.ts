import fc from "fast-check";
import type { Graph } from "../graph/graph.ts";
import { type Problem, prepare } from "../work/problem.ts";
import type { Fleet, Work } from "../work/work.ts";

export function graphOf(size: number, pairs: readonly (readonly [number, number])[]): Graph {
  const offsets = [0];
  const targets: number[] = [];
  for (let task = 0; task < size; task++) {
    for (const [from, to] of pairs) if (from === task) targets.push(to);
    offsets.push(targets.length);
  }
  return { offsets, targets };
}

/** Returns edges of a graph of this size. */
export function pairsOf(size: number, seeds: readonly number[]): readonly (readonly [number, number])[] {
  if (size < 2) return [];
  const pairs = seeds.map((seed): readonly [number, number] => {
    const to = 1 + (seed % (size - 1));
    return [Math.floor(seed / 7) % to, to];
  });
  return [...new Map(pairs.map((pair) => [pair.join(), pair])).values()];
}

export function problemOf(work: Work, fleet: Fleet): Problem {
  const prepared = prepare(work, fleet);
  if (!("problem" in prepared)) throw new Error(`expected a problem, got ${JSON.stringify(prepared)}`);
  return prepared.problem;
}

/**
 * Small problems with all features: kinds that only some agents can do, releases, moves, joining agents,
 * several slots.
 */
export const arbitraryProblems = (tasksMax: number, agentsMax: number): fc.Arbitrary<Problem> =>
  fc
    .record({
      size: fc.integer({ min: 1, max: tasksMax }),
      edges: fc.array(fc.nat({ max: 10_000 }), { maxLength: tasksMax * 2 }),
      sizes: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: tasksMax, maxLength: tasksMax }),
      releases: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: tasksMax, maxLength: tasksMax }),
      moves: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: tasksMax, maxLength: tasksMax }),
      slots: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: agentsMax }),
      joins: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: agentsMax, maxLength: agentsMax }),
      paces: fc.array(fc.constantFrom(0.5, 1, 2, 3), { minLength: agentsMax * 2, maxLength: agentsMax * 2 }),
      isPlain: fc.boolean(),
    })
    .map(({ size, edges, sizes, releases, moves, slots, joins, paces, isPlain }) => {
      const graph = graphOf(size, pairsOf(size, edges));
      const agents = slots.length;
      if (isPlain) return problemOf({ graph, sizesMs: sizes }, { slots, paces: paces.slice(0, agents) });
      // The second demand is satisfied by all agents but the first, if there is another.
      const second: number[] = paces.slice(agents, 2 * agents);
      if (agents > 1) second[0] = Number.POSITIVE_INFINITY;
      const demands = sizes.map((each) => each % 2);
      return problemOf(
        { graph, sizesMs: sizes, demands, releaseMs: releases, moveMs: moves },
        { slots, paces: [...paces.slice(0, agents), ...second], joinMs: joins },
      );
    });
