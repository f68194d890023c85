import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Budget, Goal, Result } from "../../scenario.ts";
import type { Arena } from "../chains/arena.ts";
import { openEngine } from "../task/engine.ts";
import type { Governed } from "../task/governing.ts";

const concurrencies = [1, 64, 256];
const baseline = "not";
const guarded: readonly Governed[] = [baseline, "by a key and rules"];
const all: readonly Governed[] = [...guarded, "by a key", "by a key, audited every second"];

export const governedGoals: readonly Goal[] = concurrencies.map((concurrency) => ({
  line: { variant: "by a key and rules", concurrency },
  figure: "overUngoverned",
  atLeast: 0.95,
  beside: ["stepsPerSec", "ungovernedStepsPerSec"],
  known: { issue: 28, worst: 0.5 },
}));

/**
 * Measures chains with keys, policies, rules and an audit log, next to an installation without them. By default the
 * audit runs once a minute, so a measurement includes few of its rounds. An audit every second shows their cost.
 */
export async function* governedChains(budget: Budget): AsyncIterable<Result> {
  await using opened = new AsyncDisposableStack();
  const arenas: Record<string, Arena> = {};
  for (const each of budget.isBrief ? guarded : all) arenas[each] = opened.use(await openEngine(each));
  for (const concurrency of concurrencies) {
    const contestants = Object.entries(arenas).map(([name, arena]) => ({
      name,
      measure: (seconds: number) => arena.measure(concurrency, seconds),
    }));
    const figures = await alternate(contestants, budget);
    const alone = figures.get(baseline);
    for (const [variant, found] of figures)
      if (alone !== undefined)
        yield {
          variant,
          concurrency,
          stepsPerSec: rounded(found.stepsPerSec),
          p50Ms: rounded(found.p50Ms),
          p99Ms: rounded(found.p99Ms),
          mainUsPerStep: rounded(found.mainUsPerStep),
          ungovernedStepsPerSec: rounded(alone.stepsPerSec),
          overUngoverned: rounded(found.stepsPerSec / alone.stepsPerSec),
        };
  }
}
