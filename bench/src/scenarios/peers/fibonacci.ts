/**
 * The benchmark that Windmill publishes for workflow engines: 40 tasks that compute fibo(10), and 10 that compute
 * fibo(33), in sequence on one worker. Its results for tasks in JavaScript are listed next to ours. They are of another
 * machine, so ratios to them mean little.
 */

import { silentLogger } from "@tutti/kernel";
import { Client } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";
import { median, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Budget, Result } from "../../scenario.ts";

/** https://www.windmill.dev/docs/misc/benchmarks/competitors/results/js, of 2025, in seconds of a whole flow. */
const published = {
  hardware: "AWS m4.large, docker compose, 1 worker",
  light: { windmillSec: 2.973, windmillDedicatedSec: 2.125, temporalSec: 3.063, kestraSec: 9.05 },
  heavy: { windmillSec: 0.935, windmillDedicatedSec: 1.077, temporalSec: 0.966, kestraSec: 2.919 },
} as const;

const flows = [
  { name: "light", tasks: 40, n: 10 },
  { name: "heavy", tasks: 10, n: 33 },
] as const;

export async function* fibonacci({ rounds }: Budget): AsyncGenerator<Result> {
  await using platform = await startPlatform();
  const client = new Client({ url: platform.http });
  const worker = new Worker(
    { address: platform.grpc, slots: 1, handleSignals: false },
    { logger: silentLogger },
  );
  worker.handle("bench.fibo", async ({ n }: { readonly n: number }) => fibo(n));
  await worker.start();
  try {
    for (const { name, tasks, n } of flows) {
      await client.call("workflows.register", { body: { text: flowOf(name, tasks, n) } });
      const runOnce = async (): Promise<number> => {
        const startMs = performance.now();
        const body = { definition: name };
        const { run } = await client.call("runs.start", { body, query: { waitMs: 60_000 } });
        if (run?.status !== "completed") throw new Error(`expected ${name} to complete, got ${run?.status}`);
        return (performance.now() - startMs) / 1_000;
      };
      const [firstSec = 0, ...laterSec] = await repeated(rounds + 1, runOnce);
      yield {
        variant: `fibonacci, ${name}`,
        tasks,
        n,
        firstSec: rounded(firstSec),
        tuttiSec: rounded(median(laterSec)),
        ...published[name],
        publishedOn: published.hardware,
      };
    }
  } finally {
    await worker.stop();
  }
}

function flowOf(name: string, tasks: number, n: number): string {
  const lines = Array.from({ length: tasks }, (_, at) => {
    const needs = at === 0 ? "" : `needs: [t${at - 1}], `;
    return `  t${at}: {${needs}uses: bench.fibo, with: {n: ${n}}}`;
  });
  return `workflow: ${name}\ntasks:\n${lines.join("\n")}\n`;
}

/** Computes a Fibonacci number by the naive algorithm of their benchmark. */
function fibo(n: number): number {
  return n <= 1 ? n : fibo(n - 1) + fibo(n - 2);
}

async function repeated(times: number, callback: () => Promise<number>): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let time = 0; time < times; time++) durations.push(await callback());
  return durations;
}
