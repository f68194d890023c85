import { type Graph, sizeOf, topologicalOrder } from "./graph.ts";

/** Up to this size the width is exact: its computation grows with the third power. */
export const exactWidthMax = 600;

/**
 * Returns how many tasks can run at the same time at most. Exact for graphs up to `exactWidthMax` tasks. For
 * larger ones, the size of the fullest level, which is a lower bound.
 */
export function widthOf(graph: Graph): number {
  return sizeOf(graph) <= exactWidthMax ? greatestAntichain(graph) : fullestLevel(levelsOf(graph));
}

/** Returns the levels: one more than the highest level of its needs, from 0. */
export function levelsOf(graph: Graph): Uint32Array {
  const { offsets, targets } = graph;
  const levels = new Uint32Array(sizeOf(graph));
  for (const task of topologicalOrder(graph)) {
    const below = (levels[task] ?? 0) + 1;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      if (below > (levels[target] ?? 0)) levels[target] = below;
    }
  }
  return levels;
}

function fullestLevel(levels: Uint32Array): number {
  const counts = new Map<number, number>();
  for (const level of levels) counts.set(level, (counts.get(level) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/**
 * Returns the size of the largest set of independent tasks. By Dilworth's theorem it is the number of chains
 * that cover all: the number of tasks less a maximum matching between tasks and their successors.
 */
function greatestAntichain(graph: Graph): number {
  const size = sizeOf(graph);
  const after = closureOf(graph);
  const matchedBy = new Int32Array(size).fill(-1);
  let matched = 0;
  for (let task = 0; task < size; task++) if (extend(task, after, matchedBy, new Uint8Array(size))) matched++;
  return size - matched;
}

/** Returns all descendants of each task. */
function closureOf(graph: Graph): readonly Uint8Array[] {
  const size = sizeOf(graph);
  const { offsets, targets } = graph;
  const after = Array.from({ length: size }, () => new Uint8Array(size));
  const order = topologicalOrder(graph);
  for (let at = size - 1; at >= 0; at--) {
    const task = order[at] ?? 0;
    const mine = after[task] ?? new Uint8Array();
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      mine[target] = 1;
      after[target]?.forEach((isReachable, other) => {
        if (isReachable === 1) mine[other] = 1;
      });
    }
  }
  return after;
}

/** Finds a successor that is free, or whose task can take another one. */
function extend(
  task: number,
  after: readonly Uint8Array[],
  matchedBy: Int32Array,
  visited: Uint8Array,
): boolean {
  const successors = after[task] ?? new Uint8Array();
  for (let other = 0; other < successors.length; other++) {
    if (successors[other] === 0 || visited[other] === 1) continue;
    visited[other] = 1;
    const holder = matchedBy[other] ?? -1;
    if (holder === -1 || extend(holder, after, matchedBy, visited)) {
      matchedBy[other] = task;
      return true;
    }
  }
  return false;
}
