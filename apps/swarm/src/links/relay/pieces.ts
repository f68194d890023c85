/** Splits frames that exceed a message into pieces. Their contents take effect in the same order. */
import { type AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import {
  weightOfAgentFrame,
  weightOfAssign,
  weightOfHostFrame,
  weightOfOutput,
  weightOfProgress,
  weightOfResult,
} from "../../weights.ts";
import { emptyAgentFrame } from "../empty-frame.ts";

export function piecesOfAgentFrame(frame: AgentFrame, bytesMax: number): readonly AgentFrame[] {
  if (weightOfAgentFrame(frame) <= bytesMax) return [frame];
  const { started, progress, partialOutputs, results, ...rest } = frame;
  const emptyLists = { started: [], progress: [], partialOutputs: [], results: [] };
  return [
    ...(started.length > 0 ? [{ ...emptyAgentFrame, started }] : []),
    ...slices(progress, weightOfProgress, bytesMax).map((some) => ({ ...emptyAgentFrame, progress: some })),
    ...slices(partialOutputs, weightOfOutput, bytesMax).map((some) => ({
      ...emptyAgentFrame,
      partialOutputs: some,
    })),
    ...slices(results, weightOfResult, bytesMax).map((some) => ({ ...emptyAgentFrame, results: some })),
    { ...rest, ...emptyLists },
  ];
}

export function piecesOfHostFrame(frame: HostFrame, bytesMax: number): readonly HostFrame[] {
  if (frame.assignments.length === 0 || weightOfHostFrame(frame) <= bytesMax) return [frame];
  const { assignments, ...rest } = frame;
  const some = slices(assignments, weightOfAssign, bytesMax);
  return [
    ...some.map((part) => ({ ...HostFrame.create(), assignments: part })),
    { ...rest, assignments: [] },
  ];
}

function slices<T>(all: readonly T[], weigh: (item: T) => number, bytesMax: number): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of all) {
    const weight = weigh(item);
    if (part.length > 0 && bytes + weight > bytesMax) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += weight;
  }
  return part.length > 0 ? [...parts, part] : parts;
}
