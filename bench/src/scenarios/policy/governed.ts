import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { stepsPerChain } from "../chains/chain.ts";
import { openEngine } from "../task/chain.ts";

const concurrencies = [1, 64, 256];
const baseline = "not";

/**
 * What it costs a chain that somebody looks: keys, policies, rules, and an audit. By default that takes in every minute what was done, so
 * that few of its rounds fall into what is measured; one that does it every second shows what they cost.
 */
export const governed: Scenario = {
  name: "governed",
  about: `chains of ${stepsPerChain} tasks in installations that are governed, beside one that nobody governs`,
  async *run(budget) {
    await using not = await openEngine(undefined, baseline);
    await using byKey = await openEngine(undefined, "by a key");
    await using byRules = await openEngine(undefined, "by a key and rules");
    await using audited = await openEngine(undefined, "by a key, audited every second");
    const arenas = {
      ...{ [baseline]: not, "by a key": byKey, "by a key and rules": byRules },
      "by a key, audited every second": audited,
    };
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
            overUngoverned: rounded(found.stepsPerSec / alone.stepsPerSec),
          };
    }
  },
};
