import { WorkStatus } from "@tutti/contracts/types/v1";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { quantile, rounded } from "../../measure/statistics.ts";
import { memoryOf } from "../../processes/figures.ts";
import { type Platform, startPlatform } from "../../processes/platform.ts";
import type { Result, Scenario } from "../../scenario.ts";

const modes = ["workflow", "swarm", "intelligence"] as const;
const sizes = [1_000, 10_000];
const fewSessions = 100;
/** Sessions that are being started at once. */
const startsAtOnce = 32;
const slots = 64;
const lookMs = 250;
const open = [WorkStatus.WORK_STATUS_PENDING, WorkStatus.WORK_STATUS_RUNNING];

/**
 * Sessions of two tasks, one after the other. No first task ends before all sessions have been started: so many are open at once.
 * With fewer `--seconds` than two there are a hundred.
 */
export const sessions: Scenario = {
  name: "sessions",
  about:
    "1,000 and 10,000 sessions open at once: how fast they start, what each takes in memory, and how soon all have ended",
  goals: [
    {
      ...{ line: { mode: "workflow", sessions: 1_000 }, figure: "startsPerSec", atLeast: 5_000 },
      known: { issue: 28, worst: 200 },
    },
    {
      ...{ line: { mode: "workflow", sessions: 1_000 }, figure: "kibPerSession", atMost: 10, unit: "KiB" },
      known: { issue: 28, worst: 200 },
    },
  ],
  async *run({ seconds, isBrief = false }) {
    const wanted = isBrief ? sizes.slice(0, 1) : seconds < 2 ? [fewSessions] : sizes;
    for (const mode of isBrief ? modes.slice(0, 1) : modes)
      for (const size of wanted) {
        await using platform = await startPlatform();
        await using tutti = await connect({ address: platform.grpc });
        yield await openAll(platform, tutti, mode, size);
      }
  },
};

async function openAll(
  platform: Platform,
  tutti: Tutti,
  mode: (typeof modes)[number],
  size: number,
): Promise<Result> {
  const opened = Promise.withResolvers<void>();
  const worker = new Worker(
    { address: platform.grpc, slots, handleSignals: false },
    { logger: silentLogger },
  );
  worker.handle("bench.wait", () => opened.promise.then(() => true));
  await worker.start();
  await startAll(tutti, mode, slots, "warm");
  const emptyMiB = memoryOf(platform.pid).pssMiB;
  const beganMs = performance.now();
  const latencies = await startAll(tutti, mode, size, "open");
  const startMs = performance.now() - beganMs;
  const openMiB = memoryOf(platform.pid).pssMiB;
  // What is decided is in the index within a second.
  await until(async () => (await countOpen(tutti)) === size + slots);
  const listedMs = performance.now();
  await countOpen(tutti);
  const listMs = performance.now() - listedMs;
  const releasedMs = performance.now();
  opened.resolve();
  await until(async () => (await countOpen(tutti)) === 0);
  const finishMs = performance.now() - releasedMs;
  await worker.stop();
  const sorted = latencies.toSorted((one, other) => one - other);
  return {
    ...{ variant: `${mode}, two tasks`, mode, sessions: size },
    startsPerSec: rounded((size * 1_000) / startMs),
    ...{ p50Ms: rounded(quantile(sorted, 0.5)), p99Ms: rounded(quantile(sorted, 0.99)) },
    kibPerSession: rounded(((openMiB - emptyMiB) * 1_024) / size),
    ...{ listMs: rounded(listMs), endsPerSec: rounded((size * 1_000) / finishMs) },
  };
}

/** Gives how long each start took. */
async function startAll(
  tutti: Tutti,
  mode: (typeof modes)[number],
  count: number,
  name: string,
): Promise<number[]> {
  const latencies: number[] = [];
  const tasks = [
    { id: "first", uses: "bench.wait" },
    { id: "second", uses: "bench.wait", needs: ["first"] },
  ];
  let next = 0;
  const start = async () => {
    for (let number = next++; number < count; number = next++) {
      const beganMs = performance.now();
      await tutti.execute({ id: `${name}-${number}`, tasks, mode });
      latencies.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: startsAtOnce }, start));
  return latencies;
}

/** All that are there and have not ended, page by page. */
async function countOpen(tutti: Tutti): Promise<number> {
  let count = 0;
  for await (const _ of tutti.sessions.list({ statuses: open })) count++;
  return count;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, lookMs));
}
