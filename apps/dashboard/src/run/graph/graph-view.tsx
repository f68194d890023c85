import {
  type EdgeTypes,
  type NodeTypes,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useCallback, useMemo, useRef, useState } from "react";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useStuckExplanation } from "../live/use-stuck.ts";
import { Arrowheads } from "./arrowheads.tsx";
import { type Layout, layoutOf } from "./layout.ts";
import { NeedEdge } from "./need-edge.tsx";
import { shapeOf } from "./shape.ts";
import { type Stuck, sameStuck, stuckIn } from "./stuck.ts";
import { TaskNode } from "./task-node.tsx";
import {
  controlsOnPhone,
  durationMs,
  fit,
  heightOnPhone,
  type PictureOptions,
  useChosen,
  useFit,
  useFlow,
  useWalking,
} from "./use-picture.ts";

const nodeTypes: NodeTypes = { task: TaskNode };
const edgeTypes: EdgeTypes = { need: NeedEdge };

/** The tasks of a run with their dependencies and states. */
export default function GraphView({
  selected,
  critical,
}: {
  selected: string;
  critical: ReadonlySet<string>;
}) {
  const { store } = useRunHandle();
  const shape = useStore(({ table }) => table.shape);
  const isSequence = useStore(({ run }) => run?.kind === "states");
  const isNarrow = useIsNarrow();
  const stuck = useStuck();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table stays the same, its shape changes
  const scope = useMemo(() => {
    const { tasks, places } = store.table;
    return shapeOf({ tasks, placeOf: places, needs: store.needs }, { toggled, isSequence, stuck });
  }, [store, shape, toggled, isSequence, stuck]);
  const layout = useMemo(() => layoutOf(scope, isNarrow ? "down" : "right"), [scope, isNarrow]);
  const toggle = useCallback((key: string) => {
    setToggled((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  return (
    <div className="run-graph" style={{ height: scope.nodes.length === 0 ? undefined : heightOf(layout) }}>
      {scope.nodes.length === 0 ? null : (
        <ReactFlowProvider>
          <Picture layout={layout} selected={selected} critical={critical} toggle={toggle} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

/** Space around a small graph. The style sheet limits the height of a large one. */
const room = 120;

function heightOf(layout: Layout): number {
  return layout.direction === "down" ? heightOnPhone(layout, window.innerWidth) : layout.height + room;
}

function Picture(options: PictureOptions) {
  const { layout } = options;
  const place = useRef<HTMLDivElement>(null);
  const chosen = useChosen(options);
  const { nodes, edges } = useFlow(options, chosen);
  const press = useWalking(place, options, chosen);
  useFit(place, layout, chosen.key);
  return (
    // The graph handles arrow keys that its buttons do not use.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div ref={place} className="run-picture" onKeyDown={press}>
      <Arrowheads />
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        minZoom={0.05}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        // On a phone, one finger scrolls the page. Two fingers move and zoom the graph.
        panOnDrag={layout.direction === "right"}
        onlyRenderVisibleElements
        disableKeyboardA11y
        zoomOnScroll={false}
        preventScrolling={false}
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
      >
        <Zoom isOnPhone={layout.direction === "down"} />
      </ReactFlow>
    </div>
  );
}

function Zoom({ isOnPhone }: { isOnPhone: boolean }) {
  const flow = useReactFlow();
  const padding = isOnPhone
    ? ({ x: fit.padding, top: fit.padding, bottom: `${controlsOnPhone}px` } as const)
    : fit.padding;
  return (
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
        onClick={() => void flow.fitView({ ...fit, padding, duration: durationMs() })}
      >
        Fit view
      </button>
    </Panel>
  );
}

/** Returns the tasks that no worker can take. Empty while a past state of the run is shown. */
function useStuck(): ReadonlyMap<string, Stuck> {
  const explanation = useStuckExplanation();
  const before = useRef(empty);
  before.current = sameStuck(
    before.current,
    explanation === undefined ? empty : stuckIn({ parts: explanation.parts ?? [] }),
  );
  return before.current;
}

const empty: ReadonlyMap<string, Stuck> = new Map();
