import { type Graph, sizeOf } from "./graph.ts";

/** Returns the graph with reversed edges: the needs of each task instead of its successors. */
export function reversed(graph: Graph): Graph {
  const size = sizeOf(graph);
  const { offsets, targets } = graph;
  const places = new Uint32Array(size + 1);
  for (let edge = 0; edge < targets.length; edge++) {
    const at = (targets[edge] ?? 0) + 1;
    places[at] = (places[at] ?? 0) + 1;
  }
  for (let task = 0; task < size; task++) places[task + 1] = (places[task + 1] ?? 0) + (places[task] ?? 0);
  const turned = new Uint32Array(targets.length);
  const next = places.slice();
  for (let task = 0; task < size; task++) {
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      const at = next[target] ?? 0;
      turned[at] = task;
      next[target] = at + 1;
    }
  }
  return { offsets: places, targets: turned };
}
