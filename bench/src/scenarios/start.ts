import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@tutti/nats/local";
import { median, rounded } from "../measure/statistics.ts";
import { answered } from "../processes/answers.ts";
import { cpuMs } from "../processes/figures.ts";
import { startAsUsersDo, temporaryDirectory } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

/** A build takes minutes on a busy machine. */
const buildsWithinMs = 600_000;

interface Start {
  readonly readyMs: number;
  /** Processor time of the launcher and of the platform. */
  readonly cpuMs: number;
}

/** The whole time between the command and the first reply: the check of the set-up, the program, the demonstration. */
export const start: Scenario = {
  name: "start",
  about:
    "time and CPU time from `npm start` to the first 200 of /readyz, on a repeated start and after kill -9, compared with an idle Node process",
  goals: [
    {
      line: { variant: "again" },
      figure: "readyMs",
      atMost: 1_000,
      unit: "ms",
      compared: ["readyMs", "emptyNodeMs"],
      known: { issue: 19, worst: 5_000 },
    },
    { line: { variant: "after kill -9" }, figure: "readyMs", atMost: 3_000, unit: "ms" },
  ],
  brief: { rounds: 2, seconds: 1 },
  async *run({ rounds }) {
    // The first start builds and compiles.
    await startOnce({ withinMs: buildsWithinMs });
    const empty: number[] = [];
    const starts: Record<string, Start[]> = { again: [], "after kill -9": [] };
    for (let round = 0; round < rounds; round++) {
      empty.push(emptyNode());
      starts["again"]?.push(await startOnce());
      starts["after kill -9"]?.push(await afterKill());
    }
    for (const [variant, all] of Object.entries(starts))
      yield {
        variant,
        readyMs: rounded(median(all.map(({ readyMs }) => readyMs))),
        cpuMs: rounded(median(all.map(({ cpuMs }) => cpuMs))),
        emptyNodeMs: rounded(median(empty)),
      };
  },
};

interface Place {
  readonly directory?: string;
  readonly withinMs?: number;
}

async function startOnce({ directory, withinMs }: Place = {}): Promise<Start> {
  const port = await freePort();
  const startMs = performance.now();
  const starting = startAsUsersDo(port, directory);
  await answered(`http://127.0.0.1:${port}/readyz`, withinMs);
  const readyMs = performance.now() - startMs;
  await using platform = await starting;
  return { readyMs, cpuMs: cpuMs(platform.pid) + cpuMs(processIn(platform.directory)) };
}

/** Measures the start after a platform was killed with active runs of its demonstration. */
async function afterKill(): Promise<Start> {
  const directory = await temporaryDirectory();
  try {
    {
      await using _launcher = await startAsUsersDo(await freePort(), directory);
      process.kill(processIn(directory), "SIGKILL");
    }
    return await startOnce({ directory });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Returns the process id of the platform itself. Its launcher ends with it. */
function processIn(directory: string): number {
  return JSON.parse(readFileSync(join(directory, "lock.json"), "utf8")).pid;
}

function emptyNode(): number {
  const startMs = performance.now();
  execFileSync(process.execPath, ["-e", "0"]);
  return performance.now() - startMs;
}
