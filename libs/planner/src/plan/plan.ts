import type { Problem } from "../work/problem.ts";
import type { Placement } from "./placement.ts";

/** Who should do what when. */
export interface Plan {
  readonly agentOf: Int32Array;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  /** When all has ended. */
  readonly makespanMs: number;
  /** Greater is more urgent: the ranks that led to this plan. */
  readonly ranks: Float64Array;
  /** In which order tasks were placed: each comes after all that it needs. */
  readonly order: Uint32Array;
  /** How it was found. */
  readonly method: "heft" | "improved";
  /** How many orders were tried. */
  readonly steps: number;
}

/** What the placement holds now, as a plan of its own. */
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
