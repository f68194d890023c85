import type { Budget, Result, Scenario } from "../../scenario.ts";
import { compareWithCeiling } from "../ceiling/ceiling-comparison.ts";
import { stepsPerChain } from "../chains/chain.ts";
import { governedChains, governedGoals } from "../policy/governed.ts";
import { sessionChains, sessionGoals } from "../sessions/session-chain.ts";
import { openEngine } from "./engine.ts";

export const chain: Scenario = {
  name: "chain",
  about: `runs of ${stepsPerChain} tasks, each with the output of the previous task, compared with an upper bound that only transfers the bytes. Also with governance, and as sessions in each mode`,
  goals: [
    {
      line: { variant: "segments, echo", concurrency: 256 },
      figure: "ratio",
      atLeast: 0.5,
      compared: ["stepsPerSec", "ceilingStepsPerSec"],
      known: { issue: 28, worst: 0.15 },
    },
    {
      line: { variant: "segments, echo", concurrency: 1 },
      figure: "latencyRatio",
      atMost: 1.5,
      compared: ["p50Ms", "ceilingP50Ms"],
      known: { issue: 28, worst: 3 },
    },
    ...governedGoals,
    ...sessionGoals,
  ],
  async *run(budget) {
    yield* plainChains(budget);
    yield* governedChains(budget);
    yield* sessionChains(budget);
  },
};

async function* plainChains(budget: Budget): AsyncIterable<Result> {
  await using arena = await openEngine();
  yield* compareWithCeiling(budget, { name: "workflow", variant: "segments, echo", arena });
}
