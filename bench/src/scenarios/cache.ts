/**
 * The cache of task outputs: the time of a task with a cached output, and of an unchanged graph of 100 cached tasks. It
 * also counts the executions for 10,000 concurrent runs that need one output. The ceiling of a run with a cached output is
 * a run without that task.
 */
import { silentLogger } from "@tutti/kernel";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Worker } from "@tutti/sdk/worker";
import { median, quantile, rounded } from "../measure/statistics.ts";
import { startPlatform } from "../processes/platform.ts";
import type { Budget, Result, Scenario } from "../scenario.ts";

const [layers, width] = [10, 10];
const herdRuns = 10_000;
const startConcurrency = 200;
const rerunsMin = 20;

const single = (name: string, cache: string) => `workflow: ${name}
tasks:
  one: {uses: bench.compute, with: "\${{ input }}"${cache}}
  two: {set: done, needs: [one]}
`;

const plain = `workflow: plain
tasks:
  two: {set: done}
`;

/** Returns a graph in which each task needs one task of the previous layer, and reads its output. */
function graph(): string {
  const lines = Array.from({ length: layers * width }, (_, at) => {
    const data = at < width ? `"\${{ input }}-${at}"` : `"\${{ tasks.t${at - width}.output }}"`;
    return `  t${at}: {uses: bench.compute, with: ${data}, cache: 1h}`;
  });
  return `workflow: graph\ntasks:\n${lines.join("\n")}\n`;
}

export const cache: Scenario = {
  name: "cache",
  about:
    "cached tasks: a hit, 10,000 concurrent runs that need one output, and a repeated graph of 100 tasks",
  seconds: 5,
  brief: { rounds: 1, seconds: 3 },
  goals: [
    {
      line: { variant: "hit" },
      figure: "hitP99Ms",
      atMost: 2,
      unit: "ms",
      compared: ["runP50Ms", "plainP50Ms"] as const,
    },
    { line: { variant: "herd" }, figure: "executions", atMost: 1 },
    { line: { variant: "rerun" }, figure: "p50Ms", atMost: 50, unit: "ms", known: { issue: 26, worst: 250 } },
    { line: { variant: "rerun" }, figure: "executions", atMost: 0 },
  ],
  async *run(budget) {
    await using platform = await startPlatform();
    let executions = 0;
    const worker = new Worker({ address: platform.grpc, slots: 200 }, { logger: silentLogger });
    worker.handle("bench.compute", async (input: string) => {
      executions += 1;
      return `${input}.`;
    });
    await worker.start();
    const tutti = await connect({ address: platform.grpc });
    const counted = async (work: () => Promise<void>) => {
      const before = executions;
      await work();
      return executions - before;
    };
    try {
      for (const text of [single("hit", ", cache: 1h"), plain, graph()]) await tutti.workflows.register(text);
      const syncs = () => syncsOf(platform.http);
      yield await hits(tutti, budget, syncs);
      yield await reruns(tutti, budget, counted, syncs);
      yield await herd(tutti, counted);
    } finally {
      await tutti.close();
      await worker.stop();
    }
  },
};

/** Returns the number of syncs of the platform's journals since its start. */
async function syncsOf(http: string): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text();
  const values = [...text.matchAll(/^tutti_journal_groups_total\S* (\S+)/gm)].map(([, value]) =>
    Number(value),
  );
  return values.reduce((sum, value) => sum + value, 0);
}

type Counted = (work: () => Promise<void>) => Promise<number>;

/**
 * Measures a hit by the clock of the run: from the time at which the task could start to its end, in whole
 * milliseconds.
 */
async function hits(
  tutti: Tutti,
  { rounds, seconds }: Budget,
  syncs: () => Promise<number>,
): Promise<Result> {
  await tutti.execute("hit", { input: "same" });
  const hitMs: number[] = [];
  const runMs: number[] = [];
  const plainMs: number[] = [];
  let syncsOfHits = 0;
  const endMs = performance.now() + rounds * seconds * 1_000;
  while (performance.now() < endMs) {
    const before = await syncs();
    const run = await timed(runMs, async () => {
      const started = await tutti.run("hit", { input: "same" });
      await started.result();
      return started;
    });
    syncsOfHits += (await syncs()) - before;
    const task = (await run.tasks()).find(({ taskId }) => taskId === "one");
    if (task?.fromCache !== true) throw new Error("expected a hit");
    hitMs.push(momentOf(task.endTime) - momentOf(task.readyTime));
    await timed(plainMs, () => tutti.run("plain").then((started) => started.result()));
  }
  const quantiles = [hitMs, runMs, plainMs].map((values) => {
    const sorted = Float64Array.from(values).sort();
    return [rounded(quantile(sorted, 0.5)), rounded(quantile(sorted, 0.99))] as const;
  });
  const [hit = none, run = none, withoutHit = none] = quantiles;
  return {
    variant: "hit",
    runs: hitMs.length,
    hitP50Ms: hit[0],
    hitP99Ms: hit[1],
    syncsPerRun: rounded(syncsOfHits / hitMs.length),
    runP50Ms: run[0],
    runP99Ms: run[1],
    plainP50Ms: withoutHit[0],
    plainP99Ms: withoutHit[1],
  };
}

const none = [0, 0] as const;

async function timed<Value>(times: number[], work: () => Promise<Value>): Promise<Value> {
  const beganMs = performance.now();
  const value = await work();
  times.push(performance.now() - beganMs);
  return value;
}

async function herd(tutti: Tutti, counted: Counted): Promise<Result> {
  const input = `herd-${Date.now()}`;
  const beganMs = performance.now();
  const executions = await counted(async () => {
    const runs: Promise<unknown>[] = [];
    for (let first = 0; first < herdRuns; first += startConcurrency) {
      const starts = Array.from({ length: startConcurrency }, () => tutti.run("hit", { input }));
      runs.push(...(await Promise.all(starts)).map((run) => run.result()));
    }
    await Promise.all(runs);
  });
  return { variant: "herd", runs: herdRuns, executions, tookMs: rounded(performance.now() - beganMs) };
}

async function reruns(
  tutti: Tutti,
  { seconds }: Budget,
  counted: Counted,
  syncs: () => Promise<number>,
): Promise<Result> {
  await tutti.execute("graph", { input: "same" });
  const before = await syncs();
  const tookMs: number[] = [];
  const executions = await counted(async () => {
    const endMs = performance.now() + seconds * 1_000;
    while (performance.now() < endMs || tookMs.length < rerunsMin) {
      const beganMs = performance.now();
      await tutti.execute("graph", { input: "same" });
      tookMs.push(performance.now() - beganMs);
    }
  });
  return {
    variant: "rerun",
    tasks: layers * width,
    runs: tookMs.length,
    executions,
    p50Ms: rounded(median(tookMs)),
    worstMs: rounded(Math.max(...tookMs)),
    syncsPerRun: rounded(((await syncs()) - before) / tookMs.length),
  };
}

const momentOf = (time: { readonly seconds: number; readonly nanos: number } | undefined): number =>
  time === undefined ? 0 : time.seconds * 1_000 + time.nanos / 1e6;
