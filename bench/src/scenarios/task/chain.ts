import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { concurrencies, openCeiling } from "../ceiling/ceiling.ts";
import { type Arena, type ArenaOptions, openArena } from "../chains/arena.ts";
import { stepsPerChain } from "../chains/chain.ts";

export const chain: Scenario = {
  name: "chain",
  about: `runs of ${stepsPerChain} tasks, each with the output of the one before, beside a ceiling that only moves the bytes`,
  async *run(budget) {
    await using ceiling = await openCeiling();
    await using ours = await openEngine();
    for (const concurrency of concurrencies) {
      const contestant = (name: string, arena: Arena) => ({
        name,
        measure: (seconds: number) => arena.measure(concurrency, seconds),
      });
      const figures = await alternate([contestant("ceiling", ceiling), contestant("workflow", ours)], budget);
      const most = figures.get("ceiling");
      const found = figures.get("workflow");
      if (most === undefined || found === undefined) continue;
      yield {
        variant: "segments, echo",
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
  },
};

/** All services of an installation, with what is run there. Nothing of a run is kept when it is over, as the ceiling keeps nothing. */
export function openEngine(runs?: ArenaOptions["runs"]): Promise<Arena> {
  const program = new URL("engine-process.ts", import.meta.url);
  const codecs = { engine: "by hand", agent: "generated" } as const;
  return openArena({ program, codecs, parameters: ["0"], ...(runs && { runs }) });
}
