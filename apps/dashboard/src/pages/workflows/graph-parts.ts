/** What a graph of a definition is drawn of. */
import type { Graph, GraphNode, TaskKind } from "@tutti/rest/types";

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

const boxPx = { least: 130, most: 260, perLetter: 7.4, around: 28, high: 66 };

/** Returns how much room a task takes: by its longest line. */
export function boxOf({ taskId = "", title, uses, kind, forEach, compensated, expectedMs }: GraphNode): {
  readonly key: string;
  readonly width: number;
  readonly height: number;
} {
  const marks = (forEach === true ? 8 : 0) + (compensated === true ? 8 : 0) + (expectedMs ? 8 : 0);
  const letters = Math.max((title || taskId).length * 1.08, (uses || kindWord(kind)).length, marks);
  const width = Math.min(boxPx.most, Math.max(boxPx.least, letters * boxPx.perLetter + boxPx.around));
  return { key: taskId, width, height: boxPx.high };
}

const kindWords: Readonly<Partial<Record<TaskKind, string>>> = {
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

export function kindWord(kind: TaskKind): string {
  return kindWords[kind] ?? kind;
}
