import {
  Background,
  BackgroundVariant,
  type EdgeTypes,
  type NodeTypes,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { Layout } from "./layout.ts";
import { type FlowNeed, NeedEdge } from "./need-edge.tsx";
import { shapeOf } from "./shape.ts";
import { type FlowTask, TaskNode } from "./task-node.tsx";
import { useLayout } from "./use-layout.ts";
import { type Arrow, walk } from "./walk.ts";

const nodeTypes: NodeTypes = { task: TaskNode };
const edgeTypes: EdgeTypes = { need: NeedEdge };
const arrows: ReadonlySet<string> = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/** The tasks of a run and what they need, as they stand. */
export default function GraphView({
  selected,
  critical,
}: {
  selected: string;
  critical: ReadonlySet<string>;
}) {
  const { store } = useRunHandle();
  const shape = useStore(({ table }) => table.shape);
  const isNarrow = useIsNarrow();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table is one and the same; its shape tells when it is another
  const scope = useMemo(() => {
    const { tasks, places } = store.table;
    return shapeOf({ tasks, placeOf: places, needs: store.needs }, { toggled });
  }, [store, shape, toggled]);
  const layout = useLayout(scope, isNarrow ? "down" : "right");
  const toggle = useCallback((key: string) => {
    setToggled((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  return (
    <div className="run-graph">
      {layout === undefined ? null : (
        <ReactFlowProvider>
          <Picture {...{ layout, selected, critical, toggled, toggle }} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

interface PictureOptions {
  layout: Layout;
  selected: string;
  critical: ReadonlySet<string>;
  toggled: ReadonlySet<string>;
  toggle: (key: string) => void;
}

function Picture({ layout, selected, critical, toggle }: PictureOptions) {
  const { store } = useRunHandle();
  const go = useGo();
  const flow = useReactFlow();
  const place = useRef<HTMLDivElement>(null);
  const keys = useMemo(() => keysByTask(layout, store.table.tasks), [layout, store]);
  const selectedKey = keys.get(selected) ?? "";
  const reachable = selectedKey || layout.nodes[0]?.node.key || "";
  const select = useCallback(
    (key: string, at: number) => {
      const task = key.startsWith("=") || key.startsWith("~") || key === "" ? store.table.tasks[at]?.id : key;
      if (task !== undefined) go({ task });
    },
    [go, store],
  );
  const nodes = useMemo(
    () =>
      layout.nodes.map(
        (laid): FlowTask => ({
          id: laid.node.key,
          type: "task",
          position: { x: laid.x, y: laid.y },
          width: laid.width,
          height: laid.height,
          zIndex: laid.depth * 2,
          data: {
            laid,
            isSelected: laid.node.key === selectedKey,
            isReachable: laid.node.key === reachable,
            isCritical: laid.node.places.some((each) => critical.has(store.table.tasks[each]?.id ?? "")),
            isFolded: laid.node.inside === undefined,
            onSelect: select,
            onToggle: toggle,
          },
        }),
      ),
    [layout, selectedKey, reachable, critical, select, toggle, store],
  );
  const edges = useMemo(() => edgesOf(layout, nodes), [layout, nodes]);
  const focus = useCallback(
    (key: string) => {
      const laid = layout.nodes.find(({ node }) => node.key === key);
      if (laid === undefined) return;
      const { x, y, width, height } = laid;
      const { zoom } = flow.getViewport();
      void flow
        .setCenter(x + width / 2, y + Math.min(height, 200) / 2, {
          zoom: Math.max(zoom, 0.6),
          duration: durationMs(),
        })
        .then(() => place.current?.querySelector<HTMLElement>(`[data-task="${CSS.escape(key)}"]`)?.focus());
    },
    [flow, layout],
  );
  const press = (event: KeyboardEvent) => {
    if (!arrows.has(event.key) || event.altKey || event.ctrlKey || event.metaKey) {
      if (event.key === "+" || event.key === "-") unfold(event);
      return;
    }
    event.preventDefault();
    const from = (event.target as HTMLElement).closest<HTMLElement>("[data-task]")?.dataset["task"] ?? "";
    const next = walk(layout, from, event.key as Arrow);
    if (next === undefined) return;
    const [at = -1] = layout.nodes.find(({ node }) => node.key === next)?.node.places ?? [];
    // With the panel open, walking shows what is walked to.
    if (selected !== "") select(next, at);
    focus(next);
  };
  const unfold = (event: KeyboardEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>("[data-task]")?.dataset["task"];
    const laid = layout.nodes.find(({ node }) => node.key === key);
    if (key === undefined || laid?.node.canUnfold !== true) return;
    event.preventDefault();
    toggle(key);
  };
  const size = `${layout.width} ${layout.height} ${layout.direction}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another picture is fitted again, the same one stays as it is moved
  useEffect(() => {
    void flow.fitView({ ...fit, duration: 0 });
  }, [size, flow]);
  return (
    // The picture listens for arrows that its buttons do not use themselves.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div ref={place} className="run-picture" onKeyDown={press}>
      <svg className="run-marks" aria-hidden="true">
        <defs>
          {["", "-critical"].map((kind) => (
            <marker
              key={kind}
              id={`run-arrow${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path className={`run-arrow${kind}`} d="M0 0.5 7.5 4 0 7.5z" />
            </marker>
          ))}
        </defs>
      </svg>
      <ReactFlow
        nodes={nodes}
        edges={edges as FlowNeed[]}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={fit}
        minZoom={0.05}
        maxZoom={1.6}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        panOnScroll
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background
          variant={BackgroundVariant.Lines}
          gap={[100_000, 24]}
          lineWidth={0.6}
          className="run-staff"
        />
        <Panel position="bottom-left" className="run-zoom">
          <button
            type="button"
            className="press quiet"
            onClick={() => void flow.zoomIn({ duration: durationMs() })}
          >
            <span aria-hidden="true">+</span>
            <span className="unseen">Zoom in</span>
          </button>
          <button
            type="button"
            className="press quiet"
            onClick={() => void flow.zoomOut({ duration: durationMs() })}
          >
            <span aria-hidden="true">–</span>
            <span className="unseen">Zoom out</span>
          </button>
          <button
            type="button"
            className="press quiet"
            onClick={() => void flow.fitView({ ...fit, duration: durationMs() })}
          >
            All
          </button>
        </Panel>
      </ReactFlow>
    </div>
  );
}

const fit = { padding: 0.08, maxZoom: 1 };

/** Nothing moves for those who asked for less motion. */
function durationMs(): number {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 180;
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

function edgesOf({ edges, direction }: Layout, nodes: readonly FlowTask[]): readonly FlowNeed[] {
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
