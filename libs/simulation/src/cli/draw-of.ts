import { drawPlan } from "../plan/draw.ts";
import type { Plan } from "../plan/plan.ts";
import { drawRunsPlan } from "../runs/draw-runs.ts";
import type { LoadName } from "./options.ts";

/** How plans with this load are drawn. */
export function drawOf(load: LoadName): (seed: number) => Plan {
  return load === "runs" ? drawRunsPlan : drawPlan;
}
