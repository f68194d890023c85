import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  type EdgeTypes,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  type NodeTypes,
  Position,
  ReactFlow,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "../../run/run.css";
import "./graph.css";
import type { Graph, GraphNode } from "@tutti/rest/types";
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { counted, span } from "../../elements/moments.ts";
import { Arrowheads } from "../../run/graph/arrowheads.tsx";
import type { Direction } from "../../run/graph/layered.ts";
import { type Layout, layoutOf } from "../../run/graph/layout.ts";
import { type FlowNeed, NeedEdge } from "../../run/graph/need-edge.tsx";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { arrowsOf, kindLabel, scopeOf, sizeOfNode } from "./graph-parts.ts";

type TaskNode = Node<{ task: GraphNode; critical: boolean; down: boolean; unknown: boolean }, "task">;

const nodeTypes: NodeTypes = { task: TaskBox };
const edgeTypes: EdgeTypes = { need: NeedEdge };

const fit = { maxZoom: 1, padding: 0.08 };

/** Maximum number of tasks for trying both directions. Layout takes time, so a larger graph is laid out only once. */
const turnedMax = 200;
/** A graph goes to the right, except if texts are this much larger in the other direction. */
const turnedGain = 1.25;

interface Room {
  readonly width: number;
  readonly height: number;
}

/**
 * The tasks of a definition and their dependencies. The critical path is drawn heavier. The graph goes down in a narrow
 * column, or if its texts are larger in that direction.
 */
export default function GraphView({ graph, inColumn = false }: { graph: Graph; inColumn?: boolean }) {
  const isColumn = useIsNarrow() || inColumn;
  const figure = useRef<HTMLElement>(null);
  const room = useRoom(figure);
  const layout = useMemo(() => {
    const laid = (direction: Direction) => layoutOf(scopeOf(graph), direction, sizeOfNode);
    if (isColumn) return laid("down");
    const right = laid("right");
    if (room === undefined || graph.nodes.length > turnedMax || scaleIn(room, right) === 1) return right;
    const down = laid("down");
    return scaleIn(room, down) > scaleIn(room, right) * turnedGain ? down : right;
  }, [graph, isColumn, room]);
  const down = layout.direction === "down";
  const nodes = useMemo(() => nodesOf(graph, layout), [graph, layout]);
  const edges = useMemo(() => edgesOf(graph, layout), [graph, layout]);
  return (
    <figure
      ref={figure}
      className="definition-graph"
      aria-label={`Graph of ${counted(graph.nodes.length, "task")}`}
    >
      <Arrowheads />
      <ReactFlow
        key={down ? "down" : "right"}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={fit}
        minZoom={0.1}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        nodesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        onlyRenderVisibleElements
        proOptions={{ hideAttribution: true }}
      >
        <Fit nodes={nodes} />
        <Background variant={BackgroundVariant.Lines} gap={[4_000, 16]} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </figure>
  );
}

/** Returns the scale at which a graph fits the room. */
function scaleIn(room: Room, { width, height }: Room): number {
  return Math.min(1, room.width / width, room.height / height);
}

function useRoom(element: RefObject<HTMLElement | null>): Room | undefined {
  const [room, setRoom] = useState<Room>();
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const measure = () => setRoom({ width: current.clientWidth, height: current.clientHeight });
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(current);
    return () => resized.disconnect();
  }, [element]);
  return room;
}

/** Fits all tasks again when the tasks or the room change. */
function Fit({ nodes }: { nodes: readonly TaskNode[] }) {
  const flow = useReactFlow();
  const room = useStore(({ width, height }) => `${width} ${height}`);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the room or the tasks requires a new fit
  useEffect(() => void flow.fitView(fit), [flow, room, nodes]);
  return null;
}

function nodesOf(graph: Graph, { nodes, direction }: Layout): TaskNode[] {
  const critical = new Set(graph.criticalPath);
  const down = direction === "down";
  const hasTimes = graph.nodes.some(({ expectedMs = 0 }) => expectedMs > 0);
  const isUnknown = ({ uses, expectedMs = 0 }: GraphNode) =>
    hasTimes && (uses ?? "") !== "" && expectedMs === 0;
  const dataOf = (task: GraphNode) => ({
    task,
    critical: critical.has(task.taskId ?? ""),
    down,
    unknown: isUnknown(task),
  });
  return nodes.map(({ node: { key, places }, x, y, width, height }) => ({
    id: key,
    type: "task",
    position: { x, y },
    width,
    height,
    // React Flow does not measure a task that is not rendered, and a fit of the view would ignore it without a size.
    measured: { width, height },
    handles: handlesOf(width, height, down),
    data: dataOf(graph.nodes[places[0] ?? 0] as GraphNode),
  }));
}

/** Returns the ends of arrows. They are computed here, so that React Flow does not measure them. */
function handlesOf(width: number, height: number, down: boolean): NonNullable<TaskNode["handles"]> {
  const size = { width: 1, height: 1 };
  return down
    ? [
        { type: "target", position: Position.Top, x: width / 2, y: 0, ...size },
        { type: "source", position: Position.Bottom, x: width / 2, y: height, ...size },
      ]
    : [
        { type: "target", position: Position.Left, x: 0, y: height / 2, ...size },
        { type: "source", position: Position.Right, x: width, y: height / 2, ...size },
      ];
}

function edgesOf(graph: Graph, { edges, direction }: Layout): (FlowNeed | Edge)[] {
  const next = new Map(graph.criticalPath.map((id, index) => [id, graph.criticalPath[index + 1]]));
  const needs = edges.map((laid): FlowNeed => {
    const { key, from, to } = laid.edge;
    const data = { laid, direction, isCritical: next.get(from) === to };
    return { id: key, type: "need", source: from, target: to, data };
  });
  const backEdges = arrowsOf(graph).filter(({ isBack }) => isBack);
  return [
    ...needs,
    ...backEdges.map(({ key, from, to }) => ({
      id: key,
      source: from,
      target: to,
      className: "back",
      markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--rule-strong)" },
    })),
  ];
}

function TaskBox({ data: { task, critical, down, unknown } }: NodeProps<TaskNode>) {
  return (
    <div className={critical ? "definition-task critical" : "definition-task"}>
      <Handle type="target" position={down ? Position.Top : Position.Left} isConnectable={false} />
      <strong className="clipped">{task.title || task.taskId}</strong>
      <span className="clipped small soft">{task.uses || kindLabel(task.kind)}</span>
      <span className="definition-marks small soft">
        {task.forEach === true ? <span title="runs for each entry of a list">× each</span> : null}
        {task.compensated === true ? <span title="has a compensation">↩ undo</span> : null}
        {task.expectedMs ? <span title="Expected duration">{span(task.expectedMs)}</span> : null}
        {unknown ? <span title="No expected duration is set">unknown</span> : null}
      </span>
      <Handle type="source" position={down ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
}
