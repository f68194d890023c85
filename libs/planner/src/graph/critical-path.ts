import { type Graph, sizeOf, topologicalOrder } from "./graph.ts";

/** The earliest start of tasks, and the total duration, with unlimited agents. */
export interface Timing {
  /** Milliseconds from the start. */
  readonly startMs: Float64Array;
  /** How much later each task could end without delaying the whole. */
  readonly slackMs: Float64Array;
  /** Tasks of a longest path, in order. */
  readonly criticalPath: readonly number[];
  /** Length of that path. */
  readonly lengthMs: number;
  /** The sum of all work. */
  readonly workMs: number;
}

export function timingOf(graph: Graph, durationsMs: ArrayLike<number>): Timing {
  const size = sizeOf(graph);
  const { offsets, targets } = graph;
  const order = topologicalOrder(graph);
  const startMs = new Float64Array(size);
  let workMs = 0;
  for (const task of order) {
    const duration = durationsMs[task] ?? 0;
    const endMs = (startMs[task] ?? 0) + duration;
    workMs += duration;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      if (endMs > (startMs[target] ?? 0)) startMs[target] = endMs;
    }
  }
  // Time from a task's start to the end of its last descendant, and the successor on that path.
  const restMs = new Float64Array(size);
  const next = new Int32Array(size).fill(-1);
  for (let at = size - 1; at >= 0; at--) {
    const task = order[at] ?? 0;
    let longest = 0;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      if (next[task] === -1 || (restMs[target] ?? 0) > longest) {
        longest = restMs[target] ?? 0;
        next[task] = target;
      }
    }
    restMs[task] = (durationsMs[task] ?? 0) + longest;
  }
  let first = -1;
  for (const task of order) if (first === -1 || (restMs[task] ?? 0) > (restMs[first] ?? 0)) first = task;
  const criticalPath: number[] = [];
  for (let task = first; task >= 0; task = next[task] ?? -1) criticalPath.push(task);
  const lengthMs = first < 0 ? 0 : (restMs[first] ?? 0);
  const slackMs = startMs.map((start, task) => lengthMs - start - (restMs[task] ?? 0));
  return { startMs, slackMs, criticalPath, lengthMs, workMs };
}
