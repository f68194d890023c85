import type { Problem } from "../work/problem.ts";
import { Placement } from "./placement.ts";
import { type Plan, planOf } from "./plan.ts";
import { byRank, meanTimes, upwardRanks } from "./ranks.ts";

/**
 * Heterogeneous earliest finish time (Topcuoglu, Hariri, Wu 2002) with insertion: tasks by upward rank over mean
 * times, each where it ends earliest. Undefined if agents leave too early for the remaining tasks.
 */
export function heft(problem: Problem): Plan | undefined {
  const placement = new Placement(problem);
  const ranks = upwardRanks(problem, meanTimes(problem));
  const order = byRank(problem, ranks);
  if (placement.place(order) === Number.POSITIVE_INFINITY) return undefined;
  return planOf(placement, { method: "heft", steps: 1, ranks, order });
}
