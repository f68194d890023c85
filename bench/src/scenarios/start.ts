import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { median, rounded } from "../measure/statistics.ts";
import { answered, freePort } from "../processes/answers.ts";
import { cpuMs } from "../processes/figures.ts";
import { startAsUsersDo } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

interface Start {
  readonly readyMs: number;
  /** Of the launcher and of the platform. */
  readonly cpuMs: number;
}

/** Everything between the command and the first answer: the check of the set-up, the program, the demonstration. */
export const start: Scenario = {
  name: "start",
  about:
    "time and processor time from `npm start` to the first 200 of /readyz, when it has run before, beside a Node that does nothing",
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
    const ours: Start[] = [];
    const empty: number[] = [];
    for (let round = 0; round < rounds; round++) {
      empty.push(emptyNode());
      ours.push(await once());
    }
    yield {
      variant: "again",
      readyMs: rounded(median(ours.map(({ readyMs }) => readyMs))),
      cpuMs: rounded(median(ours.map(({ cpuMs }) => cpuMs))),
      emptyNodeMs: rounded(median(empty)),
    };
  },
};

async function once(): Promise<Start> {
  const port = await freePort();
  const startMs = performance.now();
  const starting = startAsUsersDo(port);
  await answered(`http://127.0.0.1:${port}/readyz`);
  const readyMs = performance.now() - startMs;
  await using platform = await starting;
  const { pid } = JSON.parse(readFileSync(join(platform.directory, "lock.json"), "utf8"));
  return { readyMs, cpuMs: cpuMs(platform.pid) + cpuMs(pid) };
}

function emptyNode(): number {
  const startMs = performance.now();
  execFileSync(process.execPath, ["-e", "0"]);
  return performance.now() - startMs;
}
