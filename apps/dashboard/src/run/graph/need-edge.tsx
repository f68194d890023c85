import type { Edge, EdgeProps } from "@xyflow/react";
import type { Direction } from "./layered.ts";
import type { PlacedEdge } from "./layout.ts";
import { pathOf } from "./path.ts";

interface NeedEdgeData extends Record<string, unknown> {
  readonly laid: PlacedEdge;
  readonly direction: Direction;
  readonly isCritical: boolean;
}

export type FlowNeed = Edge<NeedEdgeData, "need">;

/** A dependency: solid if it must succeed, dashed if it must only end, crossed in red pencil if it must fail. */
export function NeedEdge({ data }: EdgeProps<FlowNeed>) {
  if (data === undefined) return null;
  const { laid, direction, isCritical } = data;
  const { condition } = laid.edge;
  return (
    <path
      className={`run-edge ${condition}${isCritical ? " critical" : ""}`}
      d={pathOf(laid.points, direction)}
      markerEnd={`url(#run-arrow${isCritical ? "-critical" : ""})`}
    />
  );
}
