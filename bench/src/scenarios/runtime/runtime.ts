import type { Scenario } from "../../scenario.ts";
import { compareWithCeiling } from "../ceiling/ceiling-comparison.ts";
import { type Arena, openArena } from "../chains/arena.ts";
import { stepsPerChain } from "../chains/chain.ts";

export const runtime: Scenario = {
  name: "runtime",
  about: `chains of ${stepsPerChain} durable steps on the runtime, compared with an upper bound that only transfers the bytes`,
  goals: [
    {
      line: { concurrency: 256 },
      figure: "ratio",
      atLeast: 0.75,
      compared: ["stepsPerSec", "ceilingStepsPerSec"],
      known: { issue: 28, worst: 0.45 },
    },
    {
      line: { concurrency: 1 },
      figure: "latencyRatio",
      atMost: 1.2,
      compared: ["p50Ms", "ceilingP50Ms"],
      known: { issue: 28, worst: 2 },
    },
  ],
  async *run(budget) {
    await using ours = await openRuntime();
    yield* compareWithCeiling(budget, { name: "runtime", variant: "segments", arena: ours });
  },
};

/** Opens the runtime to compare with the ceiling. It reads frames like the product. */
function openRuntime(): Promise<Arena> {
  const program = new URL("runtime-process.ts", import.meta.url);
  return openArena({ program, codecs: { engine: "by hand", agent: "generated" } });
}
