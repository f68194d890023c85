import { fileURLToPath } from "node:url";
import { connect } from "@tutti/sdk/client";
import { closedLoop, type Measured } from "../../measure/closed-loop.ts";
import { median, rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import { startPlatform } from "../../processes/platform.ts";
import { startRestate } from "../../processes/restate.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";

const stepsPerRun = 5;
const concurrencies = [1, 256] as const;
const rounds = 10_000;
const warmSeconds = 3;

/**
 * A durable function of five local steps in sequence, started and awaited by a client, alone and 256 at once. Restate
 * does the same in the same run: each has an engine, a process with the code, and the client of this process. And one
 * function of 10,000 steps: what a step costs at the end beside the beginning.
 */
export const durable: Scenario = {
  name: "durable",
  about: "durable functions of five steps, alone and 256 at once, next to Restate. A loop of 10,000 steps",
  seconds: 5,
  brief: { rounds: 2, seconds: 3 },
  goals: [
    {
      ...{ line: { variant: "steps", concurrency: 256 }, figure: "overRestate", atLeast: 20 },
      ...{ beside: ["stepsPerSec", "restateStepsPerSec"], known: { issue: 23, worst: 1 } },
    },
    {
      ...{ line: { variant: "steps", concurrency: 1 }, figure: "p50OverRestate", atMost: 0.5 },
      ...{ beside: ["p50Ms", "restateP50Ms"], known: { issue: 23, worst: 3 } },
    },
    { line: { variant: "loop" }, figure: "lastOverFirst", atMost: 1.2, known: { issue: 23, worst: 3 } },
  ],
  async *run(budget) {
    await using platform = await startPlatform();
    await using _worker = await startChild(
      [fileURLToPath(new URL("worker-process.ts", import.meta.url)), platform.grpc, platform.http],
      { until: (line) => (line === "linked" ? true : undefined) },
    );
    const tutti = await connect({ address: platform.grpc });
    try {
      await using restate = await startRestate(1);
      const ours = () => tutti.execute("steps").then(() => stepsPerRun);
      const theirs = async () => {
        const reply = await fetch(`${restate.http}/steps/run`, { method: "POST" });
        const text = await reply.text();
        if (!reply.ok || text !== "10")
          throw new Error(`expected 10 of Restate, found ${reply.status} ${text}`);
        return stepsPerRun;
      };
      for (const concurrency of concurrencies) yield await beside(ours, theirs, concurrency, budget);
    } finally {
      yield await loop(tutti);
      await tutti.close();
    }
  },
};

async function beside(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  concurrency: number,
  { rounds: count, seconds }: Budget,
): Promise<Result> {
  const measured = { ours: [] as Measured[], theirs: [] as Measured[] };
  for (let round = 0; round <= count; round++)
    for (const [name, run] of [
      ["ours", ours],
      ["theirs", theirs],
    ] as const) {
      const found = await closedLoop({ once: run, concurrency }, round === 0 ? warmSeconds : seconds);
      if (round > 0) measured[name].push(found);
    }
  const of = (name: "ours" | "theirs", field: "itemsPerSec" | "p50Ms" | "p99Ms") =>
    median(measured[name].map((each) => each[field]));
  return {
    ...{ variant: "steps", concurrency, stepsPerSec: rounded(of("ours", "itemsPerSec")) },
    restateStepsPerSec: rounded(of("theirs", "itemsPerSec")),
    overRestate: rounded(of("ours", "itemsPerSec") / of("theirs", "itemsPerSec")),
    ...{ p50Ms: rounded(of("ours", "p50Ms")), p99Ms: rounded(of("ours", "p99Ms")) },
    ...{ restateP50Ms: rounded(of("theirs", "p50Ms")), restateP99Ms: rounded(of("theirs", "p99Ms")) },
    p50OverRestate: rounded(of("ours", "p50Ms") / of("theirs", "p50Ms")),
  };
}

/** Thousands of steps, and how long each thousand took. */
async function loop(tutti: Awaited<ReturnType<typeof connect>>): Promise<Result> {
  const tookMs = await tutti.execute<number[]>("loop", { input: { rounds } });
  const [first = 0] = tookMs.slice(1);
  const last = tookMs.at(-1) ?? 0;
  return {
    ...{ variant: "loop", steps: rounds, secondThousandMs: rounded(first), lastThousandMs: rounded(last) },
    lastOverFirst: rounded(last / first),
  };
}
