import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Budget, Result } from "../../scenario.ts";
import type { Arena } from "../chains/arena.ts";
import { openCeiling } from "./ceiling.ts";

/** Numbers of concurrent chains. */
const concurrencies = [1, 64, 256, 1_024];
const guarded = [1, 256];

export interface Measured {
  readonly name: string;
  readonly variant: string;
  readonly arena: Arena;
}

/** Measures chains at each concurrency in the arena and, in alternate rounds, at the ceiling. */
export async function* compareWithCeiling(
  budget: Budget,
  { name, variant, arena }: Measured,
): AsyncIterable<Result> {
  await using ceiling = await openCeiling();
  for (const concurrency of budget.isBrief ? guarded : concurrencies) {
    const contestant = (name: string, arena: Arena) => ({
      name,
      measure: (seconds: number) => arena.measure(concurrency, seconds),
    });
    const figures = await alternate([contestant("ceiling", ceiling), contestant(name, arena)], budget);
    const most = figures.get("ceiling");
    const found = figures.get(name);
    if (most === undefined || found === undefined) continue;
    yield {
      variant,
      concurrency,
      stepsPerSec: rounded(found.stepsPerSec),
      p50Ms: rounded(found.p50Ms),
      p99Ms: rounded(found.p99Ms),
      ceilingStepsPerSec: rounded(most.stepsPerSec),
      ceilingP50Ms: rounded(most.p50Ms),
      ratio: rounded(found.stepsPerSec / most.stepsPerSec),
      latencyRatio: rounded(found.p50Ms / most.p50Ms),
      mainUsPerStep: rounded(found.mainUsPerStep),
      ceilingMainUsPerStep: rounded(most.mainUsPerStep),
    };
  }
}
