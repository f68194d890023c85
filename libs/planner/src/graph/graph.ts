/**
 * A graph of tasks by numbers: their successors, without cycles. Successors of task t are `targets` at
 * `offsets[t]` to `offsets[t + 1]`, as in plans.
 */
export interface Graph {
  readonly offsets: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
}

export function sizeOf({ offsets }: Graph): number {
  return Math.max(0, offsets.length - 1);
}

/** Returns tasks in topological order: each after all its needs. */
export function topologicalOrder(graph: Graph): Uint32Array {
  const size = sizeOf(graph);
  const { offsets, targets } = graph;
  const missing = new Uint32Array(size);
  for (let edge = 0; edge < targets.length; edge++) {
    const target = targets[edge] ?? 0;
    missing[target] = (missing[target] ?? 0) + 1;
  }
  const order = new Uint32Array(size);
  let filled = 0;
  for (let task = 0; task < size; task++) if (missing[task] === 0) order[filled++] = task;
  for (let next = 0; next < filled; next++) {
    const task = order[next] ?? 0;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      missing[target] = (missing[target] ?? 0) - 1;
      if (missing[target] === 0) order[filled++] = target;
    }
  }
  if (filled < size)
    throw new RangeError(`expected a graph without circles, got ${size - filled} tasks in some`);
  return order;
}
