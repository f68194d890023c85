import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./graph.css";
import type { Graph, GraphNode } from "@tutti/rest/types";
import { useMemo } from "react";
import { counted, span } from "../../elements/moments.ts";
import { layered } from "../../run/graph/layered.ts";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { arrowsOf, boxOf, kindWord } from "./graph-parts.ts";

type TaskNode = Node<{ task: GraphNode; critical: boolean; down: boolean }, "task">;

const nodeTypes = { task: TaskBox };

/** The tasks of a definition and what they need. The critical path is drawn heavier. */
export default function GraphView({ graph }: { graph: Graph }) {
  const down = useIsNarrow();
  const placed = useMemo(() => placedOf(graph, down), [graph, down]);
  const edges = useMemo(() => edgesOf(graph), [graph]);
  return (
    <figure className="definition-graph" aria-label={`Graph of ${counted(graph.nodes.length, "task")}`}>
      <ReactFlow
        key={down ? "down" : "right"}
        nodes={placed}
        edges={edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.1}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        nodesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        onlyRenderVisibleElements
      >
        <Background variant={BackgroundVariant.Lines} gap={[4_000, 16]} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </figure>
  );
}

function placedOf(graph: Graph, down: boolean): TaskNode[] {
  const boxes = graph.nodes.map(boxOf);
  // Arrows back are left out: a layer is the longest path from the start, and a cycle has none.
  const links = arrowsOf(graph).filter(({ isBack }) => !isBack);
  const { at } = layered(boxes, links, down ? "down" : "right");
  const critical = new Set(graph.criticalPath);
  return graph.nodes.map((task, index) => ({
    id: task.taskId ?? "",
    type: "task",
    position: at.get(task.taskId ?? "") ?? { x: 0, y: 0 },
    width: boxes[index]?.width ?? 0,
    height: boxes[index]?.height ?? 0,
    handles: handlesOf(boxes[index]?.width ?? 0, boxes[index]?.height ?? 0, down),
    data: { task, critical: critical.has(task.taskId ?? ""), down },
  }));
}

/** Where arrows arrive and leave: said, so that it has not to be measured. */
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

function edgesOf(graph: Graph): Edge[] {
  const next = new Map(graph.criticalPath.map((id, index) => [id, graph.criticalPath[index + 1]]));
  return arrowsOf(graph).map(({ key, from, to, isBack }) => ({
    id: key,
    source: from,
    target: to,
    className: [next.get(from) === to ? "critical" : "", isBack ? "back" : ""].filter(Boolean).join(" "),
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--rule-strong)" },
  }));
}

function TaskBox({ data: { task, critical, down } }: NodeProps<TaskNode>) {
  return (
    <div className={critical ? "definition-task critical" : "definition-task"}>
      <Handle type="target" position={down ? Position.Top : Position.Left} isConnectable={false} />
      <strong className="clipped">{task.title || task.taskId}</strong>
      <span className="clipped small soft">{task.uses || kindWord(task.kind)}</span>
      <span className="definition-marks small soft">
        {task.forEach === true ? <span title="runs for each entry of a list">× each</span> : null}
        {task.compensated === true ? <span title="has a compensation">↩ undo</span> : null}
        {task.expectedMs ? <span title="Expected duration">{span(task.expectedMs)}</span> : null}
      </span>
      <Handle type="source" position={down ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
}
