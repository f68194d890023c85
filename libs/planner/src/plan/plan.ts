import type { Problem } from "../work/problem.ts";
import type { Placement } from "./placement.ts";

/** The agent and the time of each task. */
export interface Plan {
  readonly agentOf: Int32Array;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  /** The end of the last task. */
  readonly makespanMs: number;
  /** Larger is more urgent: the ranks that led to this plan. */
  readonly ranks: Float64Array;
  /** The order in which tasks were placed: each after all its needs. */
  readonly order: Uint32Array;
  /** The method of the search. */
  readonly method: "heft" | "improved";
  /** Number of tried orders. */
  readonly steps: number;
}

/** Returns a copy of the present placement as a plan. */
export function planOf(
  { problem, slotOf, startMs, endMs }: Placement,
  { method, steps, ranks, order }: Pick<Plan, "method" | "steps" | "ranks" | "order">,
): Plan {
  return {
    agentOf: agentsOf(problem, slotOf),
    startMs: startMs.slice(),
    endMs: endMs.slice(),
    makespanMs: endMs.reduce((latest, end) => Math.max(latest, end), 0),
    ranks: ranks.slice(),
    order,
    method,
    steps,
  };
}

function agentsOf({ agentOfSlot }: Problem, slotOf: Int32Array): Int32Array {
  return slotOf.map((slot) => agentOfSlot[slot] ?? -1);
}
