import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, type RefObject, useCallback, useMemo } from "react";
import { useRunHandle } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { LaidNode, Layout } from "./layout.ts";
import type { FlowNeed } from "./need-edge.tsx";
import type { FlowTask } from "./task-node.tsx";
import { type Arrow, walk } from "./walk.ts";

export interface PictureOptions {
  readonly layout: Layout;
  readonly selected: string;
  readonly critical: ReadonlySet<string>;
  readonly toggle: (key: string) => void;
}

/** Which node is chosen, and which one the tabulator key reaches. */
export function useChosen({ layout, selected }: Pick<PictureOptions, "layout" | "selected">) {
  const { store } = useRunHandle();
  const go = useGo();
  const keys = useMemo(() => keysByTask(layout, store.table.tasks), [layout, store]);
  const key = keys.get(selected) ?? "";
  const select = useCallback(
    (wanted: string, at: number) => {
      const isTask = store.table.places.has(wanted);
      const task = isTask ? wanted : store.table.tasks[at]?.id;
      if (task !== undefined) go({ task });
    },
    [go, store],
  );
  return { key, reachable: key || layout.nodes[0]?.node.key || "", select };
}

/** Which node shows a task: itself, the task it is a part of, or the bundle it stands in. */
function keysByTask(layout: Layout, tasks: readonly { readonly id: string }[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { node } of layout.nodes)
    for (const place of node.isBundle || node.inside === undefined ? node.cells : [])
      keys.set(tasks[place]?.id ?? "", node.key);
  for (const { node } of layout.nodes) if (!node.isBundle) keys.set(node.key, node.key);
  return keys;
}

/** Nodes and edges as the library that draws them wants them. */
export function useFlow(options: PictureOptions, chosen: ReturnType<typeof useChosen>) {
  const { layout, critical, toggle } = options;
  const { store } = useRunHandle();
  const { key, reachable, select } = chosen;
  const nodes = useMemo(() => {
    const isCritical = ({ node }: LaidNode) =>
      node.places.some((each) => critical.has(store.table.tasks[each]?.id ?? ""));
    return layout.nodes.map(
      (laid): FlowTask => ({
        ...{ id: laid.node.key, type: "task", position: { x: laid.x, y: laid.y } },
        ...{ width: laid.width, height: laid.height, zIndex: laid.depth * 2 },
        data: {
          ...{ laid, isSelected: laid.node.key === key, isReachable: laid.node.key === reachable },
          ...{ isCritical: isCritical(laid), isFolded: laid.node.inside === undefined },
          ...{ onSelect: select, onToggle: toggle },
        },
      }),
    );
  }, [layout, key, reachable, critical, select, toggle, store]);
  const edges = useMemo(() => edgesOf(layout, nodes), [layout, nodes]);
  return { nodes, edges };
}

function edgesOf({ edges, direction }: Layout, nodes: readonly FlowTask[]): FlowNeed[] {
  const isCritical = new Map(nodes.map(({ id, data }) => [id, data.isCritical]));
  return edges.map((laid) => ({
    id: laid.edge.key,
    type: "need",
    source: laid.edge.from,
    target: laid.edge.to,
    zIndex: laid.depth * 2 + 1,
    data: {
      laid,
      direction,
      isCritical: isCritical.get(laid.edge.from) === true && isCritical.get(laid.edge.to) === true,
    },
  }));
}

const arrows: ReadonlySet<string> = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/** Arrows walk the picture, plus and minus unfold and fold. */
export function useWalking(
  place: RefObject<HTMLElement | null>,
  { layout, selected, toggle }: PictureOptions,
  { select }: ReturnType<typeof useChosen>,
): (event: KeyboardEvent) => void {
  const flow = useReactFlow();
  const focus = ({ node, x, y, width, height }: LaidNode) => {
    const { zoom } = flow.getViewport();
    const to = { zoom: Math.max(zoom, 0.6), duration: durationMs() };
    void flow
      .setCenter(x + width / 2, y + Math.min(height, 200) / 2, to)
      .then(() =>
        place.current?.querySelector<HTMLElement>(`[data-task="${CSS.escape(node.key)}"]`)?.focus(),
      );
  };
  return (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const from = (event.target as HTMLElement).closest<HTMLElement>("[data-task]")?.dataset["task"] ?? "";
    const laid = layout.nodes.find(({ node }) => node.key === from);
    if ((event.key === "+" || event.key === "-") && laid?.node.canUnfold === true) {
      event.preventDefault();
      toggle(from);
    }
    if (!arrows.has(event.key)) return;
    event.preventDefault();
    const next = layout.nodes.find(({ node }) => node.key === walk(layout, from, event.key as Arrow));
    if (next === undefined) return;
    // With the panel open, walking shows what is walked to.
    if (selected !== "") select(next.node.key, next.node.places[0] ?? -1);
    focus(next);
  };
}

/** Nothing moves for those who asked for less motion. */
export function durationMs(): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 180;
}
