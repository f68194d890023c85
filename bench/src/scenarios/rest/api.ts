import { setTimeout as pause } from "node:timers/promises";
import { median, quantile, rounded } from "../../measure/statistics.ts";
import { cpuMs } from "../../processes/figures.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Scenario } from "../../scenario.ts";
import { Caller } from "./caller.ts";

const offeredPerSec = 500;
const connections = 64;
/** Wait until the workers of the demonstration have started. */
const demonstrationMs = 8_000;
/** Until V8 has compiled what a start of a run needs. */
const warmSeconds = 5;
const definition = "workflow: at-once\ntasks: {say: {set: hello}}\n";

/**
 * Starts runs at a steady rate, independent of the replies. Each is timed from its planned time, so that a platform
 * that falls behind cannot hide it.
 */
export const api: Scenario = {
  name: "api",
  about: `starting runs over REST, ${offeredPerSec} per second offered, timed from the intended start, while the demonstration runs, after ${warmSeconds} seconds of the same`,
  goals: [
    {
      line: { variant: "start a run" },
      figure: "p95Ms",
      atMost: 10,
      unit: "ms",
      known: { issue: 19, worst: 25 },
    },
  ],
  brief: { rounds: 3, seconds: 3 },
  async *run({ rounds, seconds }) {
    await using platform = await startPlatform("--platform.demonstration=true");
    await pause(demonstrationMs);
    using caller = new Caller(platform.http, connections);
    await caller.must("POST", "/v1/workflows", { text: definition });
    const cold = await offer(caller, warmSeconds, "cold");
    const results: Offered[] = [];
    const usedMs = cpuMs(platform.pid);
    const beganMs = performance.now();
    for (let round = 0; round < rounds; round++) results.push(await offer(caller, seconds, `r${round}`));
    const cpuPercent = (100 * (cpuMs(platform.pid) - usedMs)) / (performance.now() - beganMs);
    const medianOf = (figure: (result: Offered) => number) => rounded(median(results.map(figure)));
    yield {
      variant: "start a run",
      offeredPerSec,
      requestsPerSec: medianOf(({ requestsPerSec }) => requestsPerSec),
      p50Ms: medianOf(({ p50Ms }) => p50Ms),
      p95Ms: medianOf(({ p95Ms }) => p95Ms),
      p99Ms: medianOf(({ p99Ms }) => p99Ms),
      coldP95Ms: rounded(cold.p95Ms),
      cpuPercent: rounded(cpuPercent),
    };
  },
};

interface Offered {
  readonly requestsPerSec: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

async function offer(caller: Caller, seconds: number, name: string): Promise<Offered> {
  const count = Math.max(1, Math.round(offeredPerSec * seconds));
  const latencies = new Float64Array(count);
  const beganMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let number = 0; number < count; number++) {
    const dueMs = beganMs + (1_000 * number) / offeredPerSec;
    while (performance.now() < dueMs) await pause(Math.max(1, Math.floor(dueMs - performance.now())));
    const answered = caller.must("POST", "/v1/runs", { runId: `${name}-${number}`, definition: "at-once" });
    answers.push(
      answered.then(() => {
        latencies[number] = performance.now() - dueMs;
      }),
    );
  }
  await Promise.all(answers);
  const tookSec = (performance.now() - beganMs) / 1_000;
  const sorted = latencies.sort();
  return {
    requestsPerSec: count / tookSec,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
  };
}
