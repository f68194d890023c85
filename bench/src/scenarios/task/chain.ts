import type { Scenario } from "../../scenario.ts";
import { besideCeiling } from "../ceiling/beside-ceiling.ts";
import { type Arena, openArena } from "../chains/arena.ts";
import { stepsPerChain } from "../chains/chain.ts";
import type { Governed } from "./governing.ts";

export const chain: Scenario = {
  name: "chain",
  about: `runs of ${stepsPerChain} tasks, each with the output of the one before, beside a ceiling that only moves the bytes`,
  goals: [
    {
      ...{ line: { concurrency: 256 }, figure: "ratio", atLeast: 0.5 },
      ...{ beside: ["stepsPerSec", "ceilingStepsPerSec"], known: { issue: 28, worst: 0.15 } },
    },
    {
      ...{ line: { concurrency: 1 }, figure: "latencyRatio", atMost: 1.5 },
      ...{ beside: ["p50Ms", "ceilingP50Ms"], known: { issue: 28, worst: 3 } },
    },
  ],
  async *run(budget) {
    await using ours = await openEngine();
    yield* besideCeiling(budget, { name: "workflow", variant: "segments, echo", arena: ours });
  },
};

/** All services of an installation, with what is run there. Nothing of a run is kept when it is over, as the ceiling keeps nothing. */
export function openEngine(governed?: Governed): Promise<Arena> {
  const program = new URL("engine-process.ts", import.meta.url);
  const codecs = { engine: "by hand", agent: "generated" } as const;
  const parameters = ["0", ...(governed === undefined ? [] : [governed])];
  return openArena({ program, codecs, parameters });
}
