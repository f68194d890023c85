import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundleServices } from "../../../../tools/bundle.mjs";
import { services } from "../../../../tools/images/root.mjs";
import { closedLoop, type Measured } from "../../measure/closed-loop.ts";
import { median, rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import { startCluster } from "../../processes/cluster.ts";
import { heldTo } from "../../processes/cpu-share.ts";
import { memoryOf } from "../../processes/figures.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { type ClusterLoad, openLoad, shapes } from "./load.ts";

const settleMs = 12_000;
const concurrency = 64;
/** Of a core, for each process of workflow. */
const share = 0.2;
const warmUpSeconds = 1;
/** As the image has it. */
const imageEnvironment = { MALLOC_ARENA_MAX: "2" };

/** On one machine everything shares its cores: what counts is how it is divided, and what follows when there is more of it. */
export const cluster: Scenario = {
  name: "cluster",
  about:
    "chains and fan-outs on a cluster of processes over NATS, with one and three copies, and with more processes",
  seconds: 5,
  async *run(budget) {
    for (const replicas of [1, 3]) {
      const copies = ["cluster", "bus"].map((section) => `--set=${section}.replicas=${replicas}`);
      await using running = await startCluster(copies);
      await using load = await openLoad(running.http);
      for (const shape of shapes) yield await measured(`${shape.name}, R${replicas}`, load, shape, budget);
    }
    for (const workflow of [1, 2, 4]) yield* heldProcesses(workflow, budget);
    yield* idleFigures();
  },
};

async function* heldProcesses(workflow: number, budget: Budget): AsyncGenerator<Result> {
  await using running = await startCluster([`--workflow=${workflow}`]);
  const pids = running.members.filter(({ kind }) => kind === "workflow").map(({ pid }) => pid);
  using held = heldTo(share, pids);
  await using load = await openLoad(running.http);
  const result = await measured(`chain, ${workflow} of workflow`, load, shapes[0], budget);
  yield { ...result, workflow, coreShare: held === undefined ? 1 : share, isHeld: held !== undefined };
}

async function measured(
  variant: string,
  load: ClusterLoad,
  shape: (typeof shapes)[number],
  { rounds, seconds }: Budget,
): Promise<Result> {
  const at = shape.concurrencyMax ?? concurrency;
  const loop = { once: () => load.run(shape), concurrency: at };
  await closedLoop(loop, warmUpSeconds);
  const taken: Measured[] = [];
  for (let round = 0; round < rounds; round++) taken.push(await closedLoop(loop, seconds));
  const medianOf = (figure: (one: (typeof taken)[number]) => number) => rounded(median(taken.map(figure)));
  return {
    variant,
    concurrency: at,
    tasksPerSec: medianOf(({ itemsPerSec }) => itemsPerSec),
    runsPerSec: medianOf(({ callsPerSec }) => callsPerSec),
    p50Ms: medianOf(({ p50Ms }) => p50Ms),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
  };
}

/** Each service as an image has it, with nothing to do, above a Node beside them that runs nothing: all share the same program. */
async function* idleFigures(): AsyncGenerator<Result> {
  const bundles = await mkdtemp(join(tmpdir(), "tutti-bench-bundles-"));
  await bundleServices(services, bundles);
  await using running = await startCluster([`--bundles=${bundles}`], imageEnvironment);
  const { members } = running;
  await using empty = await startChild(["-e", "console.log('up'); setInterval(() => {}, 1e8)"], {
    until: (line) => line || undefined,
  });
  await pause(settleMs);
  const emptyPssMiB = memoryOf(empty.pid).pssMiB;
  for (const { name, pid, kind } of members) {
    if (kind === "nats" || !name.endsWith("-1")) continue;
    const { pssMiB } = memoryOf(pid);
    yield {
      ...{ variant: `${kind}, idle`, pssMiB: rounded(pssMiB), emptyNodePssMiB: rounded(emptyPssMiB) },
      deltaMiB: rounded(pssMiB - emptyPssMiB),
    };
  }
  await rm(bundles, { recursive: true, force: true });
}
