import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useRef } from "react";
import { useRunHandle } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { Layout, PlacedNode } from "./layout.ts";
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
    (target: string, at: number) => {
      const isTask = store.table.places.has(target);
      const task = isTask ? target : store.table.tasks[at]?.id;
      if (task !== undefined) go({ task });
    },
    [go, store],
  );
  return { key, reachable: key || layout.nodes[0]?.node.key || "", select };
}

/** The node that shows a task: its own, that of its parent, or that of its bundle. */
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
    const isCritical = ({ node }: PlacedNode) =>
      node.places.some((each) => critical.has(store.table.tasks[each]?.id ?? ""));
    return layout.nodes.map(
      (laid): FlowTask => ({
        id: laid.node.key,
        type: "task",
        position: { x: laid.x, y: laid.y },
        width: laid.width,
        height: laid.height,
        zIndex: laid.depth * 2,
        data: {
          laid,
          isSelected: laid.node.key === key,
          isReachable: laid.node.key === reachable,
          isCritical: isCritical(laid),
          isFolded: laid.node.inside === undefined,
          onSelect: select,
          onToggle: toggle,
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
  const focus = ({ node, x, y, width, height }: PlacedNode) => {
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
    // With an open panel, moving the selection shows the selected task.
    if (selected !== "") select(next.node.key, next.node.places[0] ?? -1);
    focus(next);
  };
}

/** No animation for users who prefer reduced motion. */
export function durationMs(): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 180;
}

export const fit = { padding: 0.06, maxZoom: 1 };
/** Words are not read any more below this. A phone is held nearer. */
const readable = { page: 0.62, phone: 0.45 };

/**
 * Another picture, or another room for it, is fitted in again. What a person moved stays. A picture that would be too
 * small to read is shown in part: around the chosen task, else from its beginning.
 */
export function useFit(place: RefObject<HTMLElement | null>, layout: Layout, chosen: string): void {
  const flow = useReactFlow();
  const latest = useRef({ layout, chosen });
  latest.current = { layout, chosen };
  const size = `${layout.width} ${layout.height} ${layout.direction}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const resized = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = element;
      if (clientWidth > 0) fitIn(flow, latest.current, { width: clientWidth, height: clientHeight });
    });
    resized.observe(element);
    return () => resized.disconnect();
  }, [size, flow, place]);
}

const padded = 1 + 2 * fit.padding;

/** So that the picture is as wide as there is room, and no larger than it is drawn. */
function zoomAcross({ width }: Layout, room: number): number {
  return Math.min(room / (width * padded), fit.maxZoom);
}

/** Below a picture on a phone, for its buttons. */
export const controlsOnPhone = 64;

/** Height of the whole graph on a phone, where the page scrolls instead of the graph. */
export function heightOnPhone(layout: Layout, room: number): number {
  return layout.height * Math.max(readable.phone, zoomAcross(layout, room)) * padded + 24 + controlsOnPhone;
}

function fitIn(
  flow: ReturnType<typeof useReactFlow>,
  { layout, chosen }: { readonly layout: Layout; readonly chosen: string },
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const room = { width, height: layout.direction === "down" ? height - controlsOnPhone : height };
  const zoom = Math.min(zoomAcross(layout, room.width), room.height / (layout.height * padded));
  const least = layout.direction === "down" ? readable.phone : readable.page;
  if (zoom >= least || layout.nodes.length > overviewFrom) {
    const x = (room.width - layout.width * zoom) / 2;
    void flow.setViewport({ x, y: (room.height - layout.height * zoom) / 2, zoom });
    return;
  }
  const at = layout.nodes.find(({ node }) => node.key === chosen) ?? layout.nodes[0];
  const around = (start: number, length: number, total: number, space: number) => {
    const centered = space / 2 - (start + length / 2) * least;
    const margin = 24;
    if (total * least + 2 * margin <= space) return (space - total * least) / 2;
    return Math.min(margin, Math.max(space - total * least - margin, centered));
  };
  void flow.setViewport({
    x: around(at?.x ?? 0, at?.width ?? 0, layout.width, room.width),
    y: around(at?.y ?? 0, at?.height ?? 0, layout.height, room.height),
    zoom: least,
  });
}

/** More nodes than these are looked over before they are read. */
const overviewFrom = 60;
