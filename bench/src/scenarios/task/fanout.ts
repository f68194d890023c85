import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { openEngine } from "./chain.ts";
import { fanWidth, listLength } from "./definitions.ts";

const shapes = [
  { variant: `1 to ${fanWidth} to 1`, definition: "fan", tasks: fanWidth + 2, concurrencies: [1, 16] },
  { variant: `forEach over ${listLength}`, definition: "list", tasks: listLength, concurrencies: [1] },
];

export const fanout: Scenario = {
  name: "fanout",
  about: `runs that are wide: one task to ${fanWidth} to one, and a list of ${listLength} items`,
  async *run(budget) {
    for (const { variant, definition, tasks, concurrencies } of shapes) {
      await using engine = await openEngine({ definition, steps: tasks });
      for (const concurrency of concurrencies) {
        const measure = (seconds: number) => engine.measure(concurrency, seconds);
        const figures = (await alternate([{ name: variant, measure }], budget)).get(variant);
        if (figures === undefined) continue;
        const { stepsPerSec, p50Ms, p99Ms, mainUsPerStep } = figures;
        yield {
          ...{ variant, concurrency, tasks, tasksPerSec: rounded(stepsPerSec) },
          ...{ p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms), mainUsPerTask: rounded(mainUsPerStep) },
        };
      }
    }
  },
};
