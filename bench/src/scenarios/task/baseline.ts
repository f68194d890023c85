import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { openEngine } from "./chain.ts";
import { batchLength } from "./definitions.ts";
import { shellOut } from "./shelling.ts";

/** Tasks that are at work at once at the coordinator that shells out. More would only make its processes fight for two cores. */
const slots = 16;

export const baseline: Scenario = {
  name: "baseline",
  about: `${batchLength} short tasks through a coordinator that shells out and polls, and through the engine`,
  async *run({ seconds }) {
    await using engine = await openEngine({ definition: "batch", steps: batchLength });
    await engine.measure(1, 1);
    const { stepsPerSec: tasksPerSec } = await engine.measure(1, seconds);
    for (const pollMs of [100, 1]) {
      const shellingTasksPerSec = await shellOut({ tasks: batchLength, slots, pollMs });
      yield {
        ...{ variant: `polls every ${pollMs} ms`, pollMs, tasks: batchLength, slots },
        ...{ tasksPerSec: rounded(tasksPerSec), baselineTasksPerSec: rounded(shellingTasksPerSec) },
        factor: rounded(tasksPerSec / shellingTasksPerSec),
      };
    }
  },
};
