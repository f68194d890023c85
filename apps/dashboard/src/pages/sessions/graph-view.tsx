import {
  type EdgeTypes,
  Handle,
  type Node,
  type NodeProps,
  type NodeTypes,
  Position,
  ReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "../../run/run.css";
import type { Mode, Session, SessionTask, TaskMove } from "@tutti/rest/types";
import { memo, useCallback, useMemo, useState } from "react";
import { count, counted, span } from "../../elements/moments.ts";
import { Arrowheads } from "../../run/graph/arrowheads.tsx";
import { type Layout, layoutOf, type PlacedNode } from "../../run/graph/layout.ts";
import { type FlowNeed, NeedEdge } from "../../run/graph/need-edge.tsx";
import { shapeOf } from "../../run/graph/shape.ts";
import { badgeOfNumber } from "../../run/graph/tones.ts";
import { mostUrgent, numberOfState, taskStates as states } from "../../run/model/task-state.ts";
import { Glyph } from "../../score/glyph.tsx";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { graphTasks, partsOfNode, shapeKey } from "./graph-facts.ts";
import { lastMoves, modesOfParts, movedText, movesTogether } from "./session.ts";
import { VoiceMark } from "./voice-mark.tsx";
import { voiceOf } from "./voices.ts";

interface NodeData extends Record<string, unknown> {
  readonly laid: PlacedNode;
  readonly state: number;
  readonly mode: Mode | undefined;
  /** Describes the move of the task, or the moved tasks of a group. Empty if nothing moved. */
  readonly moved: string;
  readonly isSelected: boolean;
  readonly onSelect: (key: string) => void;
  readonly onToggle: (key: string) => void;
}

type FlowTask = Node<NodeData, "task">;

const nodeTypes: NodeTypes = { task: memo(TaskBox) };
const edgeTypes: EdgeTypes = { need: NeedEdge };

interface GraphOptions {
  session: Session;
  tasks: readonly SessionTask[];
  moves: readonly TaskMove[];
  /** The open task. Empty for none. */
  open: string;
  onOpen: (taskId: string) => void;
}

/** The tasks and their dependencies, each with the colour and letter of its mode. */
export default function GraphView(options: GraphOptions) {
  const { session, tasks, moves } = options;
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const key = shapeKey(tasks);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key contains all parts of the tasks that change the graph
  const scope = useMemo(() => shapeOf(graphTasks(tasks), { toggled, isSequence: false }), [key, toggled]);
  const isNarrow = useIsNarrow();
  const layout = useMemo(() => layoutOf(scope, isNarrow ? "down" : "right"), [scope, isNarrow]);
  const toggle = useCallback((of: string) => {
    setToggled((before) => {
      const next = new Set(before);
      if (!next.delete(of)) next.add(of);
      return next;
    });
  }, []);
  return (
    <>
      <Legend session={session} />
      <Moves session={session} moves={moves} />
      {scope.nodes.length === 0 ? (
        <div className="session-graph" />
      ) : (
        <Picture {...options} layout={layout} toggle={toggle} />
      )}
    </>
  );
}

function Legend({ session }: { session: Session }) {
  const modes = [...new Set(modesOfParts(session).values())];
  if (modes.length === 0) return null;
  return (
    <ul className="session-legend small" aria-label="Modes">
      {modes.map((mode) => (
        <li key={mode}>
          <VoiceMark mode={mode} /> <span className="soft">{voiceOf(mode).about}</span>
        </li>
      ))}
    </ul>
  );
}

const movesMax = 20;
const idsMax = 10;

function Moves({ session, moves }: { session: Session; moves: readonly TaskMove[] }) {
  const modes = modesOfParts(session);
  const startMs = session.startTimeMs ?? session.createTimeMs ?? 0;
  if (moves.length === 0) return null;
  return (
    <details className="session-moves">
      <summary>{counted(moves.length, "task")} moved between parts</summary>
      <ol className="small">
        {movesTogether(moves)
          .slice(-movesMax)
          .map(({ taskIds, fromPartId = "", toPartId = "", moveTimeMs = 0, reason }) => (
            <li key={`${taskIds[0]} ${moveTimeMs} ${toPartId}`}>
              <code>{taskIds.slice(0, idsMax).join(", ")}</code>
              {taskIds.length > idsMax ? ` and ${count(taskIds.length - idsMax)} more` : ""} after{" "}
              {span(moveTimeMs - startMs)}: <VoiceMark mode={modes.get(fromPartId)} /> to{" "}
              <VoiceMark mode={modes.get(toPartId)} />
              {reason ? <span className="soft"> {reason}</span> : null}
            </li>
          ))}
      </ol>
    </details>
  );
}

/** Space around a small graph. The style sheet limits the height of a large one. */
const around = 120;

function Picture(options: GraphOptions & { layout: Layout; toggle: (key: string) => void }) {
  const { layout } = options;
  const nodes = useNodes(options);
  const edges = useMemo(
    () =>
      layout.edges.map(
        (laid): FlowNeed => ({
          id: laid.edge.key,
          type: "need",
          source: laid.edge.from,
          target: laid.edge.to,
          data: { laid, direction: layout.direction, isCritical: false },
        }),
      ),
    [layout],
  );
  return (
    <figure
      className="session-graph"
      aria-label={`Graph of ${counted(options.tasks.length, "task")}`}
      style={{ height: layout.height + around }}
    >
      <Arrowheads />
      <ReactFlow
        key={`${layout.direction} ${layout.width} ${layout.height}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.06 }}
        minZoom={0.05}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        panOnDrag={layout.direction === "right"}
        onlyRenderVisibleElements
        disableKeyboardA11y
        zoomOnScroll={false}
        preventScrolling={false}
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
      />
    </figure>
  );
}

function useNodes(options: GraphOptions & { layout: Layout; toggle: (key: string) => void }) {
  const { session, tasks, moves, layout, open, onOpen, toggle } = options;
  return useMemo(() => {
    const modes = modesOfParts(session);
    const moved = lastMoves(moves);
    const startMs = session.startTimeMs ?? session.createTimeMs ?? 0;
    return layout.nodes.map((laid): FlowTask => {
      const { node } = laid;
      const counts = new Array<number>(states.length + 1).fill(0);
      for (const place of node.places) {
        const state = numberOfState(tasks[place]?.status ?? "");
        counts[state] = (counts[state] ?? 0) + 1;
      }
      const [partId = ""] = partsOfNode(node, tasks);
      const ids = node.places.map((place) => tasks[place]?.spec?.id ?? "");
      return {
        id: node.key,
        type: "task",
        position: { x: laid.x, y: laid.y },
        width: laid.width,
        height: laid.height,
        zIndex: laid.depth * 2,
        data: {
          laid,
          state: mostUrgent(counts),
          mode: modes.get(partId),
          moved: movedText(ids, moved, startMs),
          isSelected: node.key === open,
          onSelect: onOpen,
          onToggle: toggle,
        },
      };
    });
  }, [session, tasks, moves, layout, open, onOpen, toggle]);
}

function TaskBox({ data }: NodeProps<FlowTask>) {
  const { laid, state, mode, moved, isSelected, onSelect, onToggle } = data;
  const { node } = laid;
  const badge = badgeOfNumber(state);
  const voice = voiceOf(mode);
  // The name starts with the visible text, so that voice control finds it.
  const visibleText = `${node.title} ${voice.letter} ${moved || node.uses}`.trim();
  const label = [visibleText, badge.label, voice.label].join(", ");
  return (
    <div
      className={`session-node tone-${badge.tone} voice-${voice.name}${isSelected ? " selected" : ""}${
        moved === "" ? "" : " moved"
      }`}
      style={{ width: laid.width, height: laid.height }}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button
        type="button"
        className="session-node-head"
        aria-label={label}
        onClick={() => (node.isBundle ? onToggle(node.key) : onSelect(node.key))}
      >
        <span className="session-node-glyph">
          <Glyph name={badge.glyph} beating={badge.glyph === "note"} />
        </span>
        <span className="session-node-title clipped">{node.title}</span>{" "}
        <span className="session-node-voice">{voice.letter}</span>{" "}
        <span className="session-node-uses clipped">{moved || node.uses}</span>
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}
