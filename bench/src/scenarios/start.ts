import { execFileSync } from "node:child_process";
import { median, rounded } from "../measure/statistics.ts";
import { startAsUsersDo } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

/** Everything between the command and the first answer: the check of the set-up, the program, the demonstration. */
export const start: Scenario = {
  name: "start",
  about: "time from `npm start` to ready, when it has run before; beside a Node that does nothing",
  goals: [
    {
      ...{ line: { variant: "again" }, figure: "readyMs", atMost: 1_000, unit: "ms" },
      ...{ beside: ["readyMs", "emptyNodeMs"], known: { issue: 19, worst: 5_000 } },
    },
  ],
  brief: { rounds: 2, seconds: 1 },
  async *run({ rounds }) {
    // The first start builds and compiles.
    await once();
    const ours: number[] = [];
    const empty: number[] = [];
    for (let round = 0; round < rounds; round++) {
      empty.push(emptyNode());
      ours.push(await once());
    }
    yield { variant: "again", readyMs: rounded(median(ours)), emptyNodeMs: rounded(median(empty)) };
  },
};

async function once(): Promise<number> {
  const startMs = performance.now();
  const platform = await startAsUsersDo();
  const tookMs = performance.now() - startMs;
  await platform[Symbol.asyncDispose]();
  return tookMs;
}

function emptyNode(): number {
  const startMs = performance.now();
  execFileSync(process.execPath, ["-e", "0"]);
  return performance.now() - startMs;
}
