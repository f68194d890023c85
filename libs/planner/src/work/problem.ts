/**
 * Work and a fleet, checked and prepared for planning: flat arrays, edges in both directions, and for each
 * demand the suitable slots, the fastest first.
 *
 * 1. Every task has an agent that could do it during its stay. Otherwise a refusal names the task.
 * 2. Nothing in it changes: plans are separate.
 */
import { type Graph, sizeOf, topologicalOrder } from "../graph/graph.ts";
import { reversed } from "../graph/reversed.ts";
import type { Fleet, ForeignUse, Work } from "./work.ts";

export interface Problem {
  readonly tasks: number;
  readonly agents: number;
  readonly slots: number;
  readonly after: Graph;
  readonly before: Graph;
  /** Tasks in topological order: each after all its needs. */
  readonly order: Uint32Array;
  readonly sizesMs: Float64Array;
  readonly releaseMs: Float64Array;
  readonly moveMs: Float64Array;
  /** True if anything takes time to move. */
  readonly moves: boolean;
  readonly grown: Uint8Array;
  readonly pinned: Int32Array;
  readonly demands: Uint32Array;
  /** Demand by demand, one factor per agent. */
  readonly paces: Float64Array;
  readonly agentOfSlot: Uint32Array;
  readonly slotFromMs: Float64Array;
  readonly slotUntilMs: Float64Array;
  readonly taken: readonly ForeignUse[];
  /** For each demand the suitable slots, the fastest first. */
  readonly candidates: readonly Uint32Array[];
  /** For each demand, the minimum and the mean factor of the suitable slots. */
  readonly bestPace: Float64Array;
  readonly meanPace: Float64Array;
}

/** No present agent can do this task. */
export interface Impossible {
  readonly task: number;
  readonly reason: "no agent" | "no agent stays long enough";
}

export type Prepared = { readonly problem: Problem } | { readonly impossible: Impossible };

export function prepare(work: Work, fleet: Fleet): Prepared {
  const tasks = sizeOf(work.graph);
  const agents = fleet.slots.length;
  const sizesMs = Float64Array.from({ length: tasks }, (_, task) => Math.max(0, work.sizesMs[task] ?? 0));
  const moveMs = filled(tasks, work.moveMs, 0);
  const demands = Uint32Array.from({ length: tasks }, (_, task) => work.demands?.[task] ?? 0);
  const paces = Float64Array.from(fleet.paces);
  const rows = agents === 0 ? 0 : Math.floor(paces.length / agents);
  const slots = slotsOf(fleet);
  const candidates = Array.from({ length: rows }, (_, demand) =>
    candidatesOf(paces.subarray(demand * agents, (demand + 1) * agents), slots.agentOfSlot),
  );
  const problem: Problem = {
    tasks,
    agents,
    slots: slots.agentOfSlot.length,
    after: work.graph,
    before: reversed(work.graph),
    order: topologicalOrder(work.graph),
    sizesMs,
    releaseMs: filled(tasks, work.releaseMs, 0),
    moveMs,
    moves: moveMs.some((time) => time > 0),
    grown: Uint8Array.from({ length: tasks }, (_, task) => work.grown?.[task] ?? 0),
    pinned: Int32Array.from({ length: tasks }, (_, task) => work.pinned?.[task] ?? -1),
    demands,
    paces,
    ...slots,
    taken: fleet.taken ?? [],
    candidates,
    bestPace: Float64Array.from(candidates, (those, demand) => paceOf(those[0], demand)),
    meanPace: Float64Array.from(candidates, (those, demand) => {
      let sum = 0;
      for (const slot of those) sum += paceOf(slot, demand);
      return sum / those.length;
    }),
  };
  const impossible = impossibleOf(problem);
  return impossible === undefined ? { problem } : { impossible };

  function paceOf(slot: number | undefined, demand: number): number {
    if (slot === undefined) return Number.POSITIVE_INFINITY;
    return paces[demand * agents + (slots.agentOfSlot[slot] ?? 0)] ?? Number.POSITIVE_INFINITY;
  }
}

/** Returns how long the task takes at the agent. */
export function durationMs(problem: Problem, task: number, agent: number): number {
  const pace = problem.paces[(problem.demands[task] ?? 0) * problem.agents + agent];
  return durationAt(problem.sizesMs[task] ?? 0, pace ?? Number.POSITIVE_INFINITY);
}

/** A size of 0 has no duration, except if the agent cannot do it. */
function durationAt(sizeMs: number, pace: number): number {
  return pace === Number.POSITIVE_INFINITY ? pace : sizeMs * pace;
}

function slotsOf(fleet: Fleet) {
  const agentOfSlot: number[] = [];
  const from: number[] = [];
  const until: number[] = [];
  for (let agent = 0; agent < fleet.slots.length; agent++) {
    for (let slot = 0; slot < (fleet.slots[agent] ?? 0); slot++) {
      const freeMs = fleet.slotFreeMs?.[agentOfSlot.length] ?? 0;
      from.push(Math.max(freeMs, fleet.joinMs?.[agent] ?? 0));
      until.push(fleet.leaveMs?.[agent] ?? Number.POSITIVE_INFINITY);
      agentOfSlot.push(agent);
    }
  }
  return {
    agentOfSlot: Uint32Array.from(agentOfSlot),
    slotFromMs: Float64Array.from(from),
    slotUntilMs: Float64Array.from(until),
  };
}

function candidatesOf(paces: Float64Array, agentOfSlot: Uint32Array): Uint32Array {
  const able: number[] = [];
  agentOfSlot.forEach((agent, slot) => {
    if ((paces[agent] ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY) able.push(slot);
  });
  const pace = (slot: number) => paces[agentOfSlot[slot] ?? 0] ?? 0;
  return Uint32Array.from(able.sort((one, other) => pace(one) - pace(other) || one - other));
}

function impossibleOf(problem: Problem): Impossible | undefined {
  const { candidates, demands, pinned, agentOfSlot, slotFromMs, slotUntilMs, releaseMs } = problem;
  for (const task of problem.order) {
    let able = 0;
    let fitting = 0;
    for (const slot of candidates[demands[task] ?? 0] ?? []) {
      const agent = agentOfSlot[slot] ?? 0;
      const pinnedAgent = pinned[task] ?? -1;
      if (pinnedAgent !== -1 && pinnedAgent !== agent) continue;
      able++;
      const startMs = Math.max(slotFromMs[slot] ?? 0, releaseMs[task] ?? 0);
      if (startMs + durationMs(problem, task, agent) <= (slotUntilMs[slot] ?? 0)) fitting++;
      if (fitting > 0) break;
    }
    if (fitting === 0) return { task, reason: able === 0 ? "no agent" : "no agent stays long enough" };
  }
  return undefined;
}

function filled(size: number, values: ArrayLike<number> | undefined, otherwise: number): Float64Array {
  return Float64Array.from({ length: size }, (_, at) => values?.[at] ?? otherwise);
}
