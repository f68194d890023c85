import { fileURLToPath } from "node:url";
import { connect } from "@tutti/sdk/client";
import { closedLoop, type Measured } from "../../measure/closed-loop.ts";
import { median, rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import { startPlatform } from "../../processes/platform.ts";
import { startRestate } from "../../processes/restate.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { shapes } from "../cluster/load.ts";
import { openDbos } from "../peers/contestants.ts";

const stepsPerRun = 5;
const concurrencies = [1, 256] as const;
const rounds = 10_000;
const warmSeconds = 3;

/**
 * A durable function of five local steps in sequence, started and awaited by a client, alone and 256 concurrently.
 * Restate and DBOS do the same in the same run. Tutti and Restate each have an engine, a process with the code, and the
 * client in this process. With DBOS, caller and code are one process next to PostgreSQL. A function of 10,000 steps
 * compares the cost of a step at the end with the cost at the start.
 */
export const durable: Scenario = {
  name: "durable",
  about:
    "durable functions of five steps, alone and 256 at once, next to Restate and DBOS. A loop of 10,000 steps",
  seconds: 5,
  brief: { rounds: 2, seconds: 3 },
  goals: [
    {
      line: { variant: "steps", concurrency: 256 },
      figure: "overRestate",
      atLeast: 20,
      compared: ["stepsPerSec", "restateStepsPerSec"],
      known: { issue: 23, worst: 1 },
    },
    {
      line: { variant: "steps", concurrency: 1 },
      figure: "p50OverRestate",
      atMost: 0.5,
      compared: ["p50Ms", "restateP50Ms"],
      known: { issue: 23, worst: 3 },
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
          throw new Error(`expected 10 of Restate, got ${reply.status} ${text}`);
        return stepsPerRun;
      };
      await using dbos = await openDbos();
      const measureDbos = async (concurrency: number, seconds: number): Promise<Figures> => {
        const [shape] = shapes;
        const measured = await dbos.measure({ shape, concurrency, seconds });
        return { itemsPerSec: measured?.tasksPerSec ?? 0, p50Ms: measured?.p50Ms ?? 0 };
      };
      const loopOf = (call: () => Promise<number>) => (concurrency: number, seconds: number) =>
        closedLoop({ call, concurrency }, seconds);
      const all = { ours: loopOf(ours), restate: loopOf(theirs), dbos: measureDbos };
      for (const concurrency of concurrencies) yield await compare(all, concurrency, budget);
    } finally {
      yield await loop(tutti);
      await tutti.close();
    }
  },
};

type Figures = Pick<Measured, "itemsPerSec" | "p50Ms">;
type Contestant = "ours" | "restate" | "dbos";

async function compare(
  contestants: Readonly<Record<Contestant, (concurrency: number, seconds: number) => Promise<Figures>>>,
  concurrency: number,
  { rounds: count, seconds }: Budget,
): Promise<Result> {
  const measured: Record<Contestant, Figures[]> = { ours: [], restate: [], dbos: [] };
  for (let round = 0; round <= count; round++)
    for (const name of ["ours", "restate", "dbos"] as const) {
      const found = await contestants[name](concurrency, round === 0 ? warmSeconds : seconds);
      if (round > 0) measured[name].push(found);
    }
  const of = (name: Contestant, field: keyof Figures) => median(measured[name].map((each) => each[field]));
  const rate = (name: Contestant) => of(name, "itemsPerSec");
  return {
    variant: "steps",
    concurrency,
    stepsPerSec: rounded(rate("ours")),
    p50Ms: rounded(of("ours", "p50Ms")),
    restateStepsPerSec: rounded(rate("restate")),
    restateP50Ms: rounded(of("restate", "p50Ms")),
    dbosStepsPerSec: rounded(rate("dbos")),
    dbosP50Ms: rounded(of("dbos", "p50Ms")),
    overRestate: rounded(rate("ours") / rate("restate")),
    overDbos: rounded(rate("ours") / rate("dbos")),
    p50OverRestate: rounded(of("ours", "p50Ms") / of("restate", "p50Ms")),
  };
}

/** Runs thousands of steps, and measures the time of each thousand. */
async function loop(tutti: Awaited<ReturnType<typeof connect>>): Promise<Result> {
  const tookMs = await tutti.execute<number[]>("loop", { input: { rounds } });
  const [first = 0] = tookMs.slice(1);
  const last = tookMs.at(-1) ?? 0;
  return {
    variant: "loop",
    steps: rounds,
    secondThousandMs: rounded(first),
    lastThousandMs: rounded(last),
    lastOverFirst: rounded(last / first),
  };
}
