import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import type { Arena } from "../chains/arena.ts";
import { stepsPerChain } from "../chains/chain.ts";
import { openEngine } from "../task/chain.ts";
import type { Governed } from "../task/governing.ts";

const concurrencies = [1, 64, 256];
const baseline = "not";
const guarded: readonly Governed[] = [baseline, "by a key and rules"];
const all: readonly Governed[] = [...guarded, "by a key", "by a key, audited every second"];

/**
 * What it costs a chain that somebody looks: keys, policies, rules, and an audit. By default that takes in every minute
 * what was done, so that few of its rounds fall into what is measured. One that does it every second shows what they
 * cost.
 */
export const governed: Scenario = {
  name: "governed",
  about: `chains of ${stepsPerChain} tasks in installations that are governed, beside one that nobody governs`,
  goals: concurrencies.map((concurrency) => ({
    ...{ line: { variant: "by a key and rules", concurrency }, figure: "overUngoverned", atLeast: 0.95 },
    ...{ beside: ["stepsPerSec", "ungovernedStepsPerSec"], known: { issue: 28, worst: 0.5 } },
  })),
  async *run(budget) {
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
            ...{ variant, concurrency, stepsPerSec: rounded(found.stepsPerSec) },
            ...{ p50Ms: rounded(found.p50Ms), p99Ms: rounded(found.p99Ms) },
            mainUsPerStep: rounded(found.mainUsPerStep),
            ungovernedStepsPerSec: rounded(alone.stepsPerSec),
            overUngoverned: rounded(found.stepsPerSec / alone.stepsPerSec),
          };
    }
  },
};
