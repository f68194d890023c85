import type { Problem } from "../work/problem.ts";

/**
 * Returns upward ranks: the longest path from a task's start to the end of all its descendants, for durations
 * `timesMs` and the real move times of outputs.
 */
export function upwardRanks(problem: Problem, timesMs: Float64Array): Float64Array {
  const { order, after, moveMs } = problem;
  const { offsets, targets } = after;
  const ranks = new Float64Array(problem.tasks);
  for (let at = order.length - 1; at >= 0; at--) {
    const task = order[at] ?? 0;
    let longest = 0;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const rank = ranks[targets[edge] ?? 0] ?? 0;
      if (rank > longest) longest = rank;
    }
    const moves = (offsets[task] ?? 0) < (offsets[task + 1] ?? 0) ? (moveMs[task] ?? 0) : 0;
    ranks[task] = (timesMs[task] ?? 0) + moves + longest;
  }
  return ranks;
}

/** Returns the mean duration of each over the agents that can do it. */
export function meanTimes({ sizesMs, demands, meanPace }: Problem): Float64Array {
  return sizesMs.map((size, task) => size * (meanPace[demands[task] ?? 0] ?? 1));
}

/** Returns the duration of each at the fastest agent. */
export function leastTimes({ sizesMs, demands, bestPace }: Problem): Float64Array {
  return sizesMs.map((size, task) => size * (bestPace[demands[task] ?? 0] ?? 1));
}

/** Returns tasks by descending rank, each after its needs. For equal ranks `order` decides. */
export function byRank(problem: Problem, ranks: Float64Array): Uint32Array {
  const sorted = problem.order.slice();
  const place = new Uint32Array(problem.tasks);
  problem.order.forEach((task, at) => {
    place[task] = at;
  });
  return sorted.sort(
    (one, other) => (ranks[other] ?? 0) - (ranks[one] ?? 0) || (place[one] ?? 0) - (place[other] ?? 0),
  );
}
