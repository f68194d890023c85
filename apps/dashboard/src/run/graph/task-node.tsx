import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { count } from "../../elements/moments.ts";
import { Glyph } from "../../score/glyph.tsx";
import { useStore } from "../live/run-context.tsx";
import { mostUrgent, numberOfState, taskStates } from "../model/task-state.ts";
import { Cells } from "./cells.tsx";
import type { PlacedNode } from "./layout.ts";
import type { Stuck } from "./stuck.ts";
import { badgeOfNumber } from "./tones.ts";

interface TaskNodeData extends Record<string, unknown> {
  readonly laid: PlacedNode;
  readonly isSelected: boolean;
  readonly isReachable: boolean;
  readonly isCritical: boolean;
  readonly isFolded: boolean;
  readonly onSelect: (key: string, place: number) => void;
  readonly onToggle: (key: string) => void;
}

export type FlowTask = Node<TaskNodeData, "task">;

const done = (["completed", "skipped"] as const).map(numberOfState);
const failed = numberOfState("failed");
const waiting = numberOfState("waiting");
const running = numberOfState("running");

/** A task in the graph: its name, its state, and its parts. */
export const TaskNode = memo(function TaskNode({ data }: NodeProps<FlowTask>) {
  const { laid, isSelected, isReachable, isCritical } = data;
  const { node } = laid;
  const [place = -1] = node.places;
  const state = useStore((store) =>
    node.isBundle
      ? mostUrgent(countsOf(store.states, node.places))
      : withParts(store.stateAt(place), node.cells.length),
  );
  const over = useStore((store) => progressOf(store.states, node.cells));
  const badge = badgeOfNumber(state);
  const uses = node.uses === "" ? (kindLabels[node.kind] ?? "") : node.uses;
  const label = [
    `${node.title} ${uses}`.trim(),
    badge.label,
    node.cells.length > 0 ? `parts: ${over}` : "",
    isCritical ? "on the critical path" : "",
    node.stuck === undefined ? "" : `${node.stuck.cause}; ${node.stuck.remedy}`,
  ];
  return (
    <div
      className={`run-node tone-${badge.tone}${isSelected ? " selected" : ""}${isCritical ? " critical" : ""}${
        state === 0 ? " ghost" : ""
      }${node.inside === undefined ? "" : " open"}${badge.glyph === "note" ? " at-work" : ""}`}
      style={{ width: laid.width, height: laid.height }}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button
        type="button"
        className="run-node-head"
        data-task={node.key}
        tabIndex={isReachable ? 0 : -1}
        aria-label={label.filter(Boolean).join(", ")}
        aria-pressed={isSelected}
        onClick={() => data.onSelect(node.key, place)}
      >
        <span className="run-node-glyph">
          <Glyph name={badge.glyph} beating={badge.glyph === "note"} />
        </span>
        <span className="run-node-title" title={node.title}>
          {node.title}
        </span>{" "}
        <span className="run-node-uses clipped">{uses}</span>
      </button>
      {node.canUnfold ? (
        <button
          type="button"
          className="run-node-fold"
          tabIndex={-1}
          aria-label={data.isFolded ? `Unfold ${node.title}` : `Fold ${node.title}`}
          onClick={() => data.onToggle(node.key)}
        >
          {data.isFolded ? "+" : "–"}
        </button>
      ) : null}
      {node.cells.length > 0 && node.inside === undefined ? (
        <div className="run-node-parts">
          <Cells places={node.cells} onChoose={(each) => data.onSelect("", each)} />
          <span className="run-node-over">{over}</span>
        </div>
      ) : null}
      {node.stuck !== undefined && node.inside === undefined ? <Cause {...node.stuck} /> : null}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

function Cause({ cause, remedy }: Stuck) {
  return (
    <p className="run-node-stuck" title={`${cause}. ${remedy}`}>
      <span className="run-node-cause">{cause}</span>
      <span className="run-node-remedy">{remedy}</span>
    </p>
  );
}

const kindLabels: Readonly<Record<string, string>> = {
  uses: "",
  function: "function",
  workflow: "child run",
  wait: "waits",
  approve: "approval",
  gate: "gate",
  set: "computes values",
  loop: "repeats",
  spawn: "spawn",
  mission: "a mission",
};

function countsOf(states: Uint8Array, places: readonly number[]): readonly number[] {
  const counts = new Array<number>(taskStates.length + 1).fill(0);
  for (const place of places) {
    const state = states[place] ?? 0;
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

/** A task that waits only for its own parts counts as running, as in the CLI. */
function withParts(state: number, parts: number): number {
  return state === waiting && parts > 0 ? running : state;
}

/** `3 of 8 done, 1 failed`, counted as in the CLI. Cancelled and compensated parts are not done. */
function progressOf(states: Uint8Array, places: readonly number[]): string {
  let doneParts = 0;
  let failedParts = 0;
  for (const place of places) {
    const state = states[place] ?? 0;
    if (done.includes(state)) doneParts += 1;
    if (state === failed) failedParts += 1;
  }
  const failures = failedParts === 0 ? "" : `, ${count(failedParts)} failed`;
  return `${count(doneParts)} of ${count(places.length)} done${failures}`;
}
