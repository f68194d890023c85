import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { alternate } from "../../measure/rounds.ts";
import { quantile, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { Caller } from "../rest/caller.ts";
import { openEngine } from "../task/engine.ts";
import { idleLine, manyLine, memory } from "./memory.ts";
import { ingestLine, queryLine, store } from "./store.ts";

const alertsPerSec = 20;
/** Callers that start runs in sequence while alerts are timed. */
const callers = 64;
const concurrency = 256;
/** Notifications of one rule are 10 s apart, so each alert has a rule of its own. */
const rules = 300;
const rest = "alert to webhook, at rest";
const load = "alert to webhook, under load";
const chains = "chains with insight";

/** The time of alerts until the receiver, and the cost of the platform's own records. */
export const insight: Scenario = {
  name: "insight",
  about: `time from a reported alert to its webhook call, at rest and while ${callers} callers start runs. Chains with and without insight, and the store of series alone`,
  goals: [
    { line: { variant: rest }, figure: "p99Ms", atMost: 1_000, unit: "ms" },
    { line: { variant: load }, figure: "p99Ms", atMost: 2_000, unit: "ms" },
    { line: { variant: ingestLine }, figure: "pointsPerSec", atLeast: 200_000 },
    { line: { variant: ingestLine }, figure: "bytesPerPoint", atMost: 2 },
    { line: { variant: queryLine }, figure: "p99Ms", atMost: 200, unit: "ms" },
    {
      line: { variant: chains },
      figure: "overWithout",
      atLeast: 0.97,
      compared: ["stepsPerSec", "withoutStepsPerSec"],
      known: { issue: 25, worst: 0.8 },
    },
  ],
  brief: { rounds: 3, seconds: 2 },
  async *run(budget) {
    yield* store();
    yield* alerts(budget);
    yield await chainsAlongside(budget);
  },
};

/** Insight as a separate process, as in the image, next to an empty Node. */
export const insightMemory: Scenario = {
  name: "insight-memory",
  about: "memory of an insight process, idle and with 10,000 series, above an empty Node process",
  goals: [
    { line: { variant: idleLine }, figure: "deltaMiB", atMost: 40, unit: "MiB" },
    { line: { variant: manyLine }, figure: "deltaMiB", atMost: 120, unit: "MiB" },
  ],
  run: memory,
};

async function* alerts({ rounds, seconds }: Budget): AsyncIterable<Result> {
  await using hook = await openHook();
  const receivers = JSON.stringify({ hook: { kind: "webhook", url: "env:BENCH_HOOK" } });
  process.env["BENCH_HOOK"] = hook.url;
  await using platform = await startPlatform(
    `--insight.receivers=${receivers}`,
    "--insight.privateReceivers=true",
  );
  using caller = new Caller(platform.http, callers);
  await caller.must("POST", "/v1/workflows", { text: "workflow: note\ntasks: {say: {set: hello}}\n" });
  for (let number = 0; number < rules; number++)
    await caller.must("PUT", `/v1/alert-rules/r${number}?namespace=system`, {
      title: `Alert ${number}`,
      severity: "warning",
      external: true,
      receivers: ["hook"],
    });
  const count = Math.min(rules / 2, alertsPerSec * rounds * seconds);
  yield { variant: rest, ...(await reported(caller, hook, 0, count)) };
  const over = new AbortController();
  const starting = Array.from({ length: callers }, (_, lane) => startRuns(caller, lane, over.signal));
  const figures = await reported(caller, hook, rules / 2, count);
  over.abort();
  const runs = (await Promise.all(starting)).reduce((sum, count) => sum + count, 0);
  yield { variant: load, ...figures, runs };
}

/** Reports alerts one by one, and returns the time from each request to the webhook. */
async function reported(caller: Caller, hook: Hook, first: number, count: number) {
  const sentMs = new Map<string, number>();
  const answers: Promise<unknown>[] = [];
  for (let number = first; number < first + count; number++) {
    const alertname = `r${number}`;
    sentMs.set(alertname, performance.now());
    answers.push(caller.must("POST", "/alertmanager/api/v2/alerts", [{ labels: { alertname } }]));
    await pause(1_000 / alertsPerSec);
  }
  await Promise.all(answers);
  const latencies: number[] = [];
  for (const [rule, ms] of sentMs) latencies.push((await hook.untilReceived(rule)) - ms);
  latencies.sort((one, other) => one - other);
  return {
    alerts: count,
    p50Ms: rounded(quantile(latencies, 0.5)),
    p99Ms: rounded(quantile(latencies, 0.99)),
  };
}

async function startRuns(caller: Caller, lane: number, signal: AbortSignal): Promise<number> {
  let runs = 0;
  for (; !signal.aborted; runs++)
    await caller.must("POST", "/v1/runs", { runId: `load-${lane}-${runs}`, definition: { name: "note" } });
  return runs;
}

interface Hook extends AsyncDisposable {
  readonly url: string;
  /** Resolves with the time of the message about a rule, by `performance.now`. */
  untilReceived(ruleId: string): Promise<number>;
}

async function openHook(): Promise<Hook> {
  const arrivals = new Map<string, PromiseWithResolvers<number>>();
  const of = (ruleId: string) => {
    const known = arrivals.get(ruleId) ?? Promise.withResolvers<number>();
    arrivals.set(ruleId, known);
    return known;
  };
  const server = createServer((request, response) => {
    const atMs = performance.now();
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      of((JSON.parse(text) as { readonly rule: string }).rule).resolve(atMs);
      response.writeHead(204).end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    untilReceived: (ruleId) => of(ruleId).promise,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function chainsAlongside(budget: Budget): Promise<Result> {
  await using together = await openEngine();
  await using alone = await openEngine(undefined, "--insight.enabled=false");
  const contestants = Object.entries({ together, alone }).map(([name, arena]) => ({
    name,
    measure: (seconds: number) => arena.measure(concurrency, seconds),
  }));
  const figures = await alternate(contestants, budget);
  const [found, without] = [figures.get("together"), figures.get("alone")];
  if (found === undefined || without === undefined) throw new Error("a contestant was not measured");
  return {
    variant: chains,
    concurrency,
    stepsPerSec: rounded(found.stepsPerSec),
    withoutStepsPerSec: rounded(without.stepsPerSec),
    overWithout: rounded(found.stepsPerSec / without.stepsPerSec),
    mainUsPerStep: rounded(found.mainUsPerStep),
    withoutMainUsPerStep: rounded(without.mainUsPerStep),
  };
}
