import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { otlpReceiver } from "@tutti/telemetry/testing";
import { bundleServices } from "../../../../tools/bundle.mjs";
import { services, tuttiEnvironment } from "../../../../tools/images/root.mjs";
import { closedLoop, type Measured } from "../../measure/closed-loop.ts";
import { median, rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import { startCluster } from "../../processes/cluster.ts";
import { limitCpu } from "../../processes/cpu-share.ts";
import { cpuMs, machineMs, memoryOf } from "../../processes/figures.ts";
import { installRestate, startRestate } from "../../processes/restate.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { type ClusterLoad, openLoad, restateLoad, shapes } from "./load.ts";

/** Wait until processes have released the memory of the start. A process does so after five quiet seconds. */
const settleMs = 40_000;
const concurrency = 64;
/**
 * Share of a core for each process of workflow. It is so small that four of them use less than all other processes need
 * for them. With 0.2 and two of them, the rest of a machine of two cores was busy. With 0.05 a process had hardly more
 * than it needs to keep its partitions.
 */
const share = 0.1;
/** Enough work for each of four processes, and few enough that runs on one process end within a round. */
const limitedConcurrency = 32;
const warmUpSeconds = 1;
/** Before the first row of Restate and of Tutti, because code that has run a few hundred times is not compiled yet. */
const warmSeconds = 10;
/** Time without a limit, because a limited process would take minutes until its code is compiled. */
const freeSeconds = 5;

/**
 * All processes share the cores of one machine. The results show how they divide the cores, and the gain of more cores.
 */
export const cluster: Scenario = {
  name: "cluster",
  about:
    "chains and fan-outs on a cluster of processes over NATS, with one and three copies, next to Restate. With more processes, and memory of idle services",
  seconds: 5,
  brief: { rounds: 2, seconds: 3 },
  goals: shapes.map(({ name }) => ({
    line: { variant: `${name}, R3` },
    figure: "overRestate",
    atLeast: name === "chain" ? 4 : 8,
    beside: ["tasksPerSec", "restateTasksPerSec"],
    known: { issue: 28, worst: name === "chain" ? 0.4 : 1.5 },
  })),
  async *run(budget) {
    if (budget.isBrief) return yield* compareWithRestate(3, budget);
    for (const replicas of [1, 3] as const) yield* compareWithRestate(replicas, budget);
    for (const workflow of [1, 2, 4]) yield* limitedProcesses(workflow, budget);
    yield* idleFigures();
  },
};

/** Measures chains and fan-outs, with as many copies as Restate has nodes. */
export async function* compareWithRestate(replicas: 1 | 3, budget: Budget): AsyncGenerator<Result> {
  const peer = new Map<string, number>();
  for await (const result of atRestate(replicas, budget)) {
    peer.set(String(result["shape"]), Number(result["tasksPerSec"]));
    yield result;
  }
  const copies = ["cluster", "bus"].map((section) => `--set=${section}.replicas=${replicas}`);
  await using running = await startCluster(copies);
  await using load = await openLoad(running.http);
  await closedLoop({ call: () => load.run(shapes[0]), concurrency }, warmSeconds);
  for (const shape of shapes) {
    const result = await measured(`${shape.name}, R${replicas}`, load, shape, budget);
    const restateTasksPerSec = peer.get(shape.name);
    if (restateTasksPerSec === undefined) yield result;
    else {
      const overRestate = rounded(Number(result["tasksPerSec"]) / restateTasksPerSec);
      yield { ...result, restateTasksPerSec, overRestate };
    }
  }
}

/** Measures Restate with as many nodes as copies: one that writes alone, or three, of which two have each record. */
async function* atRestate(nodes: 1 | 3, budget: Budget): AsyncGenerator<Result> {
  try {
    await installRestate();
  } catch (error) {
    process.stderr.write(`absent: Restate, its packages cannot be installed: ${error}\n`);
    return;
  }
  await using running = await startRestate(nodes);
  const load = restateLoad(running.http);
  await closedLoop({ call: () => load.run(shapes[0]), concurrency }, warmSeconds);
  for (const shape of shapes) {
    const result = await measured(`${shape.name}, Restate, ${nodes} of it`, load, shape, budget);
    yield { ...result, shape: shape.name, restate: running.version };
  }
}

async function* limitedProcesses(workflow: number, budget: Budget): AsyncGenerator<Result> {
  await using running = await startCluster([`--workflow=${workflow}`]);
  const pids = running.members.filter(({ kind }) => kind === "workflow").map(({ pid }) => pid);
  await using load = await openLoad(running.http);
  const shape = { ...shapes[0], concurrencyMax: limitedConcurrency };
  await closedLoop({ call: () => load.run(shape), concurrency: limitedConcurrency }, freeSeconds);
  using limit = limitCpu(share, pids);
  const startMs = performance.now();
  const before = { held: usedBy(pids), machine: machineMs() };
  const result = await measured(`chain, ${workflow} of workflow`, load, shape, budget);
  const tookMs = performance.now() - startMs;
  const machine = machineMs();
  const allowedMs = tookMs * workflow * (limit === undefined ? 1 : share);
  yield {
    ...result,
    workflow,
    coreShare: limit === undefined ? 1 : share,
    isHeld: limit !== undefined,
    // The bottleneck must be the share of the limited processes, and not the machine.
    shareUsedPercent: rounded((100 * (usedBy(pids) - before.held)) / allowedMs),
    machineUsedPercent: rounded(
      (100 * (machine.busy - before.machine.busy)) / (machine.all - before.machine.all),
    ),
  };
}

function usedBy(pids: readonly number[]): number {
  return pids.reduce((sumMs, pid) => sumMs + cpuMs(pid), 0);
}

async function measured(
  variant: string,
  load: ClusterLoad,
  shape: (typeof shapes)[number],
  { rounds, seconds }: Budget,
): Promise<Result> {
  const at = shape.concurrencyMax ?? concurrency;
  const loop = { call: () => load.run(shape), concurrency: at };
  await closedLoop(loop, warmUpSeconds);
  const results: Measured[] = [];
  for (let round = 0; round < rounds; round++) results.push(await closedLoop(loop, seconds));
  const medianOf = (figure: (result: (typeof results)[number]) => number) =>
    rounded(median(results.map(figure)));
  return {
    variant,
    concurrency: at,
    tasksPerSec: medianOf(({ itemsPerSec }) => itemsPerSec),
    runsPerSec: medianOf(({ callsPerSec }) => callsPerSec),
    p50Ms: medianOf(({ p50Ms }) => p50Ms),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
  };
}

/**
 * Measures each service as in an image, idle and with tracing, relative to an empty Node next to them that shares the
 * program.
 */
async function* idleFigures(): AsyncGenerator<Result> {
  await using stack = new AsyncDisposableStack();
  const bundles = await mkdtemp(join(tmpdir(), "tutti-bench-bundles-"));
  stack.defer(() => rm(bundles, { recursive: true, force: true }));
  await bundleServices(services, bundles);
  const collector = stack.use(await otlpReceiver());
  // An image keeps no compiled code between starts, which takes memory too.
  const image = { ...(await tuttiEnvironment()), NODE_DISABLE_COMPILE_CACHE: "1" };
  const environment = { ...image, TUTTI_TRACING_OTLP_ENDPOINT: collector.endpoint };
  const { members } = stack.use(await startCluster([`--bundles=${bundles}`], environment));
  const empty = stack.use(
    await startChild(["-e", "console.log('up'); setInterval(() => {}, 1e8)"], {
      until: (line) => line || undefined,
    }),
  );
  await pause(settleMs);
  const emptyPssMiB = memoryOf(empty.pid).pssMiB;
  for (const { name, pid, kind } of members) {
    if (kind === "nats" || !name.endsWith("-1")) continue;
    const { pssMiB } = memoryOf(pid);
    yield {
      variant: `${kind}, idle`,
      pssMiB: rounded(pssMiB),
      emptyNodePssMiB: rounded(emptyPssMiB),
      deltaMiB: rounded(pssMiB - emptyPssMiB),
    };
  }
}
