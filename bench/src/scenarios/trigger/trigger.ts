import { setTimeout as pause } from "node:timers/promises";
import { quantile, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { Caller } from "../rest/caller.ts";

const offeredPerSec = 1_000;
const connections = 64;
/** Warm-up until the hot path is compiled. */
const warmSec = 4;
const batchSize = 500;
const pageSize = 1_000;
const definition = "workflow: note\ntasks: {say: {set: hello}}\n";
const type = "shop.order.created";

interface Listed {
  readonly runs: readonly { readonly runId: string; readonly createTimeMs?: number }[];
  readonly nextToken?: string;
}

/**
 * Posts events one by one at a steady rate, and times each from its planned time to the start of its run. Filtered
 * events come in batches, and the condition of a trigger is evaluated for each event.
 */
export const trigger: Scenario = {
  name: "trigger",
  about: `events that start runs, ${offeredPerSec} per second posted over REST, and events that a condition filters out`,
  goals: [
    {
      line: { variant: "event to run" },
      figure: "p99Ms",
      atMost: 50,
      unit: "ms",
      known: { issue: 23, worst: 10_000 },
    },
    { line: { variant: "filtered" }, figure: "eventsPerSec", atLeast: 10_000, unit: "/s" },
  ],
  brief: { rounds: 2, seconds: 3 },
  async *run({ rounds, seconds }) {
    await using platform = await startPlatform();
    using caller = new Caller(platform.http, connections);
    await caller.must("POST", "/v1/workflows", { text: definition });
    await caller.must("POST", "/v1/triggers", {
      triggerId: "orders",
      source: { event: { type } },
      condition: "event.data.total > 0",
      key: "event.data.id",
      runId: "${{ event.data.id }}",
      run: { definition: { name: "note" } },
    });
    await post(caller, warmSec, "warm");
    yield await started(caller, rounds * seconds);
    yield await filtered(caller, rounds * seconds);
  },
};

async function started(caller: Caller, seconds: number): Promise<Result> {
  const dueMs = await post(caller, seconds, "run");
  const startMs = await startsOf(caller, dueMs.size);
  const latencies = [...dueMs]
    .map(([id, due]) => Math.max(0, (startMs.get(id) ?? Number.NaN) - due))
    .sort((a, b) => a - b);
  return {
    variant: "event to run",
    offeredPerSec,
    runs: latencies.length,
    p50Ms: rounded(quantile(latencies, 0.5)),
    p95Ms: rounded(quantile(latencies, 0.95)),
    p99Ms: rounded(quantile(latencies, 0.99)),
  };
}

/** Posts the events. Returns the planned time of each, in milliseconds since the epoch. */
async function post(caller: Caller, seconds: number, name: string): Promise<Map<string, number>> {
  const count = offeredPerSec * seconds;
  const beganMs = performance.now();
  const dueMs = new Map<string, number>();
  const answers: Promise<unknown>[] = [];
  for (let number = 0; number < count; number++) {
    const due = beganMs + (1_000 * number) / offeredPerSec;
    while (performance.now() < due) await pause(Math.max(1, Math.floor(due - performance.now())));
    const id = `${name}-${number}`;
    dueMs.set(id, performance.timeOrigin + due);
    answers.push(caller.must("POST", "/v1/events", { events: [eventOf(id, 1)] }));
  }
  await Promise.all(answers);
  return dueMs;
}

function eventOf(id: string, total: number) {
  return { specversion: "1.0", id, source: "/bench", type, data: { id, total, items: ["violin", "bow"] } };
}

/** Returns the start times of runs. Waits until all are listed. */
async function startsOf(caller: Caller, count: number): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const found = new Map<string, number>();
    let token = "";
    do {
      const path = `/v1/runs?definition=note&size=${pageSize}${token === "" ? "" : `&token=${encodeURIComponent(token)}`}`;
      const page = JSON.parse((await caller.must("GET", path)).body) as Listed;
      for (const { runId, createTimeMs } of page.runs)
        if (runId.startsWith("run-")) found.set(runId, createTimeMs ?? Number.NaN);
      token = page.nextToken ?? "";
    } while (token !== "");
    if (found.size >= count) return found;
    await pause(500);
  }
}

async function filtered(caller: Caller, seconds: number): Promise<Result> {
  const untilMs = performance.now() + 1_000 * seconds;
  const beganMs = performance.now();
  let events = 0;
  const lane = async (name: string) => {
    for (let batch = 0; performance.now() < untilMs; batch++) {
      const batchEvents = Array.from({ length: batchSize }, (_, at) => eventOf(`${name}-${batch}-${at}`, 0));
      await caller.must("POST", "/v1/events", { events: batchEvents });
      events += batchSize;
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(lane));
  return {
    variant: "filtered",
    batchSize,
    eventsPerSec: rounded((1_000 * events) / (performance.now() - beganMs)),
  };
}
