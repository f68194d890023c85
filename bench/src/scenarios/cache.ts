/**
 * The cache of task outputs: the time of a task with a cached output, the executions for 10,000 concurrent runs that
 * need one output, and the time of an unchanged graph of 100 cached tasks. The ceiling of a cached output is the time of
 * its syncs alone.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { silentLogger } from "@tutti/kernel";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Worker } from "@tutti/sdk/worker";
import { median, quantile, rounded } from "../measure/statistics.ts";
import { type Platform, startPlatform } from "../processes/platform.ts";
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
      compared: ["hitP99Ms", "syncsP99Ms"] as const,
      known: { issue: 26, worst: 100 },
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
      for (const text of [single("hit", ", cache: 1h"), graph()]) await tutti.workflows.register(text);
      const syncs = () => syncsOf(platform.http);
      yield await hits(tutti, budget, platform, syncs);
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

/** Two syncs of a batch each are between a task and its cached output: of the question, and of the answer. */
const syncsOfHit = 2;
const batchBytes = 700;
const fileBytes = 8 * 1_024 * 1_024;

/** Measures by the clock of the run: from the time at which the task could start to its end, in whole milliseconds. */
async function hits(
  tutti: Tutti,
  { rounds, seconds }: Budget,
  { directory }: Platform,
  syncs: () => Promise<number>,
): Promise<Result> {
  await tutti.execute("hit", { input: "same" });
  const before = await syncs();
  const hitMs: number[] = [];
  const runMs: number[] = [];
  const syncsMs: number[] = [];
  const file = openSync(join(directory, "ceiling"), "w");
  // With room like the journal: a file that grows takes longer.
  writeSync(file, Buffer.alloc(fileBytes));
  fsyncSync(file);
  const endMs = performance.now() + rounds * seconds * 1_000;
  while (performance.now() < endMs) {
    const beganMs = performance.now();
    const run = await tutti.run("hit", { input: "same" });
    await run.result();
    runMs.push(performance.now() - beganMs);
    const tasks = await run.tasks();
    const task = tasks.find(({ taskId }) => taskId === "one");
    if (task?.fromCache !== true) throw new Error("expected a hit");
    hitMs.push(momentOf(task.endTime) - momentOf(task.readyTime));
    syncsMs.push(syncedMs(file, syncsMs.length));
  }
  closeSync(file);
  const [sorted, runs, ceiling] = [hitMs, runMs, syncsMs].map((values) => Float64Array.from(values).sort());
  return {
    variant: "hit",
    runs: hitMs.length,
    hitP50Ms: rounded(quantile(sorted ?? [], 0.5)),
    hitP99Ms: rounded(quantile(sorted ?? [], 0.99)),
    syncsP50Ms: rounded(quantile(ceiling ?? [], 0.5)),
    syncsP99Ms: rounded(quantile(ceiling ?? [], 0.99)),
    syncsPerRun: rounded(((await syncs()) - before) / hitMs.length),
    runP50Ms: rounded(quantile(runs ?? [], 0.5)),
    runP99Ms: rounded(quantile(runs ?? [], 0.99)),
  };
}

/** The ceiling of a hit: its syncs alone, on the disk of the journal. */
function syncedMs(file: number, count: number): number {
  const beganMs = performance.now();
  for (let sync = 0; sync < syncsOfHit; sync++) {
    const position = ((count * syncsOfHit + sync) * batchBytes) % (fileBytes - batchBytes);
    writeSync(file, Buffer.alloc(batchBytes, 1), 0, batchBytes, position);
    fdatasyncSync(file);
  }
  return performance.now() - beganMs;
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
