/** The nodes and edges of the graph of a definition. */
import type { Graph, TaskKind } from "@tutti/rest/types";
import type { GraphNode, GraphScope } from "../../run/graph/shape.ts";
import type { Size } from "../../run/graph/sizes.ts";

export interface Arrow {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** It goes back: work that is sent back, or from a state to one before. */
  readonly isBack: boolean;
}

/** Every need as an arrow, and every way back. Needs of tasks that are not in the graph are left out. */
export function arrowsOf({ nodes }: Pick<Graph, "nodes">): readonly Arrow[] {
  const known = new Set(nodes.map(({ taskId }) => taskId));
  const arrow = (from: string | undefined, to: string | undefined, isBack: boolean): readonly Arrow[] =>
    from === undefined || to === undefined || !known.has(from) || !known.has(to)
      ? []
      : [{ key: `${from} ${isBack ? "back to" : "before"} ${to}`, from, to, isBack }];
  const arrows = nodes.flatMap(({ taskId, needs, backTo }) => [
    ...needs.flatMap(({ task }) => arrow(task, taskId, false)),
    ...backTo.flatMap((to) => arrow(taskId, to, true)),
  ]);
  return [...new Map(arrows.map((each) => [each.key, each])).values()];
}

/** Tasks as nodes, and their needs as edges. Transitions back are not edges: a cycle has no longest path. */
export function scopeOf(graph: Pick<Graph, "nodes">): GraphScope {
  return {
    nodes: graph.nodes.map(({ taskId = "", title, uses, kind }, place) => ({
      key: taskId,
      title: title || taskId,
      uses: uses || kindLabel(kind),
      kind,
      places: [place],
      cells: [],
      isBundle: false,
      canUnfold: false,
      inside: undefined,
      stuck: undefined,
    })),
    edges: arrowsOf(graph)
      .filter(({ isBack }) => !isBack)
      .map(({ key, from, to }) => ({ key, from, to, condition: "success" })),
  };
}

const boxPx = { least: 130, most: 260, perCharacter: 7.4, around: 28, high: 66 };

/** Returns the room of a task: its longest line, and a line of marks below title and capability. */
export function sizeOfNode({ title, uses }: Pick<GraphNode, "title" | "uses">): Size {
  const characters = Math.max(title.length * 1.08, uses.length, marksMax);
  const width = Math.min(boxPx.most, Math.max(boxPx.least, characters * boxPx.perCharacter + boxPx.around));
  return { width, height: boxPx.high };
}

/** Characters of `× each ↩ undo 900 ms`. */
const marksMax = 20;

const kindLabels: Readonly<Partial<Record<TaskKind, string>>> = {
  uses: "uses a capability",
  function: "durable function",
  workflow: "child run",
  mission: "a mission",
  wait: "waits",
  approve: "approval",
  gate: "gate",
  set: "computes",
  loop: "repeats",
  spawn: "spawn",
  state: "state",
  step: "step",
};

export function kindLabel(kind: TaskKind): string {
  return kindLabels[kind] ?? kind;
}
