import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { type Arena, openArena } from "../chains/arena.ts";
import { stepsPerChain } from "../chains/chain.ts";
import type { Codecs } from "../chains/server.ts";

/** How many chains are under way at once. */
export const concurrencies = [1, 64, 256, 1_024];

export const ceiling: Scenario = {
  name: "ceiling",
  about: `chains of ${stepsPerChain} durable steps with nothing but frames, bytes and syncs: what the machine allows`,
  async *run(budget) {
    await using generated = await openCeiling("generated");
    await using byHand = await openCeiling("by hand");
    for (const concurrency of concurrencies) {
      const contestant = (name: string, arena: Arena) => ({
        name,
        measure: (seconds: number) => arena.measure(concurrency, seconds),
      });
      const figures = await alternate(
        [contestant("generated codecs", generated), contestant("codecs by hand", byHand)],
        budget,
      );
      for (const [variant, { stepsPerSec, p50Ms, p99Ms, mainUsPerStep }] of figures) {
        yield {
          variant,
          concurrency,
          stepsPerSec: rounded(stepsPerSec),
          p50Ms: rounded(p50Ms),
          p99Ms: rounded(p99Ms),
          mainUsPerStep: rounded(mainUsPerStep),
        };
      }
    }
  },
};

/** The ceiling, to be measured beside an engine: with the generated codecs, which is what engines are held against. */
export function openCeiling(codecs: Codecs = "generated"): Promise<Arena> {
  const program = new URL("ceiling-process.ts", import.meta.url);
  return openArena({ program, codecs: { engine: codecs, agent: codecs } });
}
