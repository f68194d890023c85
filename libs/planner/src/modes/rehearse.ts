/** The result of a mode if all durations are as expected: by its dispatcher, in virtual time. */
import { type Execution, execute } from "../execution/execute.ts";
import { Believed, beliefsOf } from "./believed.ts";
import { type EngineDelays, engineOf, usualDelays } from "./engines.ts";
import type { Mode } from "./mode.ts";
import { cutOf, usualPredictionLimits } from "./predict.ts";
import type { Situation } from "./situation.ts";

export interface Rehearsal extends Execution {
  /** The planner. `ranks` if planning as in the engine would take too long. */
  readonly by: "scheduler" | "ranks";
}

export function rehearsed(
  situation: Situation,
  mode: Mode,
  delays: EngineDelays = usualDelays,
  { comparisonsMax } = usualPredictionLimits,
): Rehearsal {
  const { problem } = situation;
  const parts = cutOf(situation, delays);
  const isPlanned =
    mode === "intelligence" || (mode === "hybrid" && parts.some((part) => part.mode === "intelligence"));
  const byRanks = isPlanned && problem.tasks * Math.max(1, problem.slots) > comparisonsMax;
  const { dispatcher, delaysOf } = engineOf(mode, problem, {
    delays,
    parts,
    byRanks,
    copies: situation.repeatable,
    outlookOf: (own, tasks) => new Believed(own, beliefsOf(situation, tasks)),
  });
  return { ...execute(problem, dispatcher, delaysOf), by: byRanks ? "ranks" : "scheduler" };
}
