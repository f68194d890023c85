import type { Scenario } from "../../scenario.ts";
import { besideCeiling } from "../ceiling/beside-ceiling.ts";
import { type Arena, type ArenaOptions, openArena } from "../chains/arena.ts";
import { stepsPerChain } from "../chains/chain.ts";
import type { Governed } from "./governing.ts";

export const chain: Scenario = {
  name: "chain",
  about: `runs of ${stepsPerChain} tasks, each with the output of the one before, beside a ceiling that only moves the bytes`,
  async *run(budget) {
    await using ours = await openEngine();
    yield* besideCeiling(budget, { name: "workflow", variant: "segments, echo", arena: ours });
  },
};

/** All services of an installation, with what is run there. Nothing of a run is kept when it is over, as the ceiling keeps nothing. */
export function openEngine(runs?: ArenaOptions["runs"], governed?: Governed): Promise<Arena> {
  const program = new URL("engine-process.ts", import.meta.url);
  const codecs = { engine: "by hand", agent: "generated" } as const;
  const parameters = ["0", ...(governed === undefined ? [] : [governed])];
  return openArena({ program, codecs, parameters, ...(runs && { runs }) });
}
