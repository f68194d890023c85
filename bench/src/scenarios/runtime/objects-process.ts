/** Keyed objects on the runtime, with a caller in place of runs: node --expose-gc objects-process.ts DIRECTORY */
import { readFileSync } from "node:fs";
import { ActorKind, type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { AcquireObject, ChangeObject, ReleaseObject } from "@tutti/contracts/workflow/v1";
import { errorFromUnknown, sleep, systemTimers } from "@tutti/kernel";
import { holder } from "@tutti/machine-limit/testing";
import { acquireObject, changeObject, object, objectFacts, releaseObject } from "@tutti/machine-object";
import { Latencies } from "../../measure/statistics.ts";
import { serveQuestions } from "../../processes/conversation.ts";
import { openRuntime } from "./storage.ts";

export type ObjectsQuestion =
  | { readonly what: "call"; readonly from: number; readonly count: number }
  | { readonly what: "settle" }
  | { readonly what: "read"; readonly numbers: readonly number[] };

export interface ObjectsFigures {
  readonly tookMs: number;
  readonly loaded: number;
  readonly heapMiB: number;
  readonly pssMiB: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const service = "workflow";
const callers = 64;
const inFlight = 2_048;
const entries = [{ name: "items", value: Buffer.from(JSON.stringify("x".repeat(100))) }];

const [directory = ""] = process.argv.slice(2);
const startMs = performance.now();
const { runtime } = await openRuntime(directory, service, {
  machines: [object, holder],
  effects: { dispatch() {}, withdraw() {}, release() {} },
});
await runtime.start();
const recoverMs = performance.now() - startMs;

const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bench" };
const cause: Cause = { actor, traceparent: "", decision: "", reason: "" };
const keyOf = (number: number) => ({ namespace: "default", kind: "object", id: `cart..${number}` });
const loaded = () => runtime.partitionStatuses().reduce((sum, each) => sum + each.loaded, 0);

/** Calls one key: gets the object, sets a value and returns the object. */
async function call(number: number): Promise<void> {
  const key = keyOf(number);
  const caller = { service, kind: "holder", id: `caller-${number % callers}`, task: "" };
  const acquired = AcquireObject.fromPartial({ holder: caller, name: "cart", key: `${number}`, call: "add" });
  const { ticket } = await accepted(() =>
    runtime.execute({ key, command: acquireObject, body: acquired, cause }),
  );
  const changed = ChangeObject.fromPartial({ holder: caller, ticket, entries });
  await accepted(() => runtime.execute({ key, command: changeObject, body: changed, cause }));
  const status = WorkStatus.WORK_STATUS_COMPLETED;
  const released = ReleaseObject.fromPartial({ holder: caller, ticket, status });
  await accepted(() => runtime.execute({ key, command: releaseObject, body: released, cause }));
}

/** Repeats an order as long as it is rejected because the archive is behind. */
async function accepted<Reply>(order: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    try {
      return await order();
    } catch (error) {
      const { code, retryAfterMs } = errorFromUnknown(error);
      if (code !== "runtime.archive_behind") throw error;
      await sleep(systemTimers, retryAfterMs);
    }
  }
}

async function callAll(from: number, count: number): Promise<void> {
  let next = from;
  const loop = async () => {
    while (next < from + count) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
}

/** Waits until no object and no caller is in memory. */
async function settle(): Promise<void> {
  while (loaded() > 0) await sleep(systemTimers, 200);
}

async function readAll(numbers: readonly number[], latencies: Latencies): Promise<void> {
  for (const number of numbers) {
    const startMs = performance.now();
    await runtime.query({ key: keyOf(number), query: objectFacts, body: undefined });
    latencies.add(performance.now() - startMs);
  }
}

function pssMiB(): number {
  const [, kiB = "0"] = /^Pss:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8")) ?? [];
  return Number(kiB) / 1_024;
}

export interface ObjectsGreeting {
  /** Time to open the journal and to recover every partition. */
  readonly recoverMs: number;
}

serveQuestions<ObjectsQuestion>(
  { recoverMs } satisfies ObjectsGreeting,
  async (question): Promise<ObjectsFigures> => {
    const latencies = new Latencies();
    const startMs = performance.now();
    if (question.what === "call") await callAll(question.from, question.count);
    else if (question.what === "settle") await settle();
    else await readAll(question.numbers, latencies);
    const tookMs = performance.now() - startMs;
    globalThis.gc?.();
    const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
    const { p50Ms, p99Ms } = latencies.quantiles();
    return { tookMs, loaded: loaded(), heapMiB, pssMiB: pssMiB(), p50Ms, p99Ms };
  },
);
