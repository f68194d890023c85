/** The same in the whole platform, in real time: two namespaces that share a pool, and a worker in this process. */
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { quantile, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Result } from "../../scenario.ts";

const taskMs = 5;
const slots = 8;
const samples = 25;
const pool = "shared";

const many = `workflow: many
tasks: {each: {forEach: "\${{ input }}", uses: fair.work, with: "\${{ item }}", placement: {pool: ${pool}}}}
`;
const one = `workflow: one
tasks: {a: {uses: fair.work, with: "\${{ input }}", placement: {pool: ${pool}}}}
`;

export async function fairInPlatform(queued: number): Promise<Result> {
  await using platform = await startPlatform(
    `--workflow.sharedPools=["${pool}"]`,
    `--swarm.pools=["${pool}"]`,
  );
  const address = platform.grpc;
  const begun = new Map<string, number>();
  const worker = new Worker({ address, pool, slots, handleSignals: false });
  worker.handle("fair.work", async (input: unknown) => {
    if (typeof input === "string") begun.set(input, performance.now());
    await new Promise((resolve) => setTimeout(resolve, taskMs));
    return null;
  });
  await worker.start();
  await using loud = await connect({ address, namespace: "loud", callTimeoutMs: 120_000 });
  await using quiet = await connect({ address, namespace: "quiet" });
  try {
    await loud.register(many);
    await quiet.register(one);
    const empty = await waits(quiet, begun, "empty");
    const run = await loud.start("many", { input: Array.from({ length: queued }, (_, entry) => entry) });
    await untilQueued(loud, run.id, queued);
    const beside = await waits(quiet, begun, "beside");
    const { tasks } = await run.get();
    await run.terminate("it is measured");
    return {
      ...{ variant: `platform, ${slots} slots, tasks of ${taskMs} ms`, queued, slots, taskMs },
      // A queue that is empty by the end has shown nothing.
      queuedAtEnd: tasks?.queued ?? 0,
      ...{ waitMs: rounded(quantile(beside, 0.5)), p99WaitMs: rounded(quantile(beside, 0.99)) },
      ...{ emptyWaitMs: rounded(quantile(empty, 0.5)), emptyP99WaitMs: rounded(quantile(empty, 0.99)) },
    };
  } finally {
    await worker.stop();
  }
}

/** From the start of a run with one task to the moment at which its handler begins. */
async function waits(tutti: Tutti, begun: ReadonlyMap<string, number>, name: string): Promise<Float64Array> {
  const found = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    const input = `${name}-${sample}`;
    const startedMs = performance.now();
    const run = await tutti.start("one", { id: input, input });
    await run.result();
    found[sample] = (begun.get(input) ?? Number.NaN) - startedMs;
  }
  return found.sort();
}

/** A run begins so many tasks a step; it has offered all of them when none is pending. */
async function untilQueued(tutti: Tutti, id: string, queued: number): Promise<void> {
  for (;;) {
    const { tasks } = await tutti.run(id).get();
    if (tasks !== undefined && tasks.total > queued && tasks.pending === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
