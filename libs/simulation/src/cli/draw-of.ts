import { drawPlan } from "../plan/draw.ts";
import type { Plan } from "../plan/plan.ts";
import { drawPoolsPlan } from "../pools/pools-plan.ts";
import { poolWeakeningOf } from "../pools/pools-weakenings.ts";
import { simulatePools } from "../pools/simulate-pools.ts";
import { drawRunsPlan } from "../runs/draw-runs.ts";
import { drawSessionsPlan } from "../sessions/draw-sessions.ts";
import { simulate } from "../simulation.ts";
import { weakeningOf } from "../weakenings/index.ts";
import { drawWorkPlan } from "../work/draw-work.ts";
import type { Trace } from "../world/trace.ts";
import type { Finding } from "../world/world.ts";
import type { LoadName } from "./options.ts";

/** Returns the function that draws plans with this load. */
export function drawOf(load: Exclude<LoadName, "pools">): (seed: number) => Plan {
  if (load === "sessions") return drawSessionsPlan;
  if (load === "work") return drawWorkPlan;
  return load === "runs" ? drawRunsPlan : drawPlan;
}

export interface Outcome {
  readonly finding: Finding | undefined;
  readonly events: number;
  readonly elapsedMs: number;
}

/** Returns the function that runs one seed with this load. */
export function runnerOf(
  load: LoadName,
  weakening: string,
): (seed: number, trace?: Trace) => Outcome | Promise<Outcome> {
  if (load === "pools") {
    const weak = poolWeakeningOf(weakening);
    return (seed, trace) => simulatePools(drawPoolsPlan(seed), weak, trace);
  }
  const draw = drawOf(load);
  const weak = weakeningOf(weakening);
  return (seed, trace) => simulate(draw(seed), weak, trace);
}
