import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { rounded } from "../../measure/statistics.ts";
import { type Conversation, startConversation } from "../../processes/conversation.ts";
import type { Result, Scenario } from "../../scenario.ts";
import type { ObjectsFigures, ObjectsGreeting, ObjectsQuestion } from "./objects-process.ts";

const sizes = [100_000, 1_000_000] as const;
const reads = 1_000;
/** Calls before the memory of an empty process is measured, because compiled code is no cost of a key. */
const warming = 1_000;
const [smallest] = sizes;

/**
 * Keyed objects, each called once. They are idle when the memory is measured. The additional memory since the calls is
 * the cost of the keys. Then the process is killed, and another one opens the same directory.
 */
export const objects: Scenario = {
  name: "objects",
  about: `${sizes.join(" and ")} keyed objects that are idle: memory and disk per key, a cold read, a restart`,
  goals: [{ line: { keys: smallest }, figure: "heapBytesPerKey", atMost: 100, unit: "bytes" }],
  async *run({ isBrief = false }) {
    const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    try {
      let called = warming;
      const empty = await withProcess(directory, async (request) => {
        await request({ what: "call", from: 0, count: warming });
        return await request({ what: "settle" });
      });
      for (const keys of isBrief ? sizes.slice(0, 1) : sizes) {
        yield await measure(directory, called, keys, empty);
        called = keys;
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

type Objects = Conversation<ObjectsQuestion, ObjectsFigures>;

async function withProcess<T>(
  directory: string,
  use: (request: Objects["request"], greeting: ObjectsGreeting) => Promise<T>,
): Promise<T> {
  await using child = await startConversation<ObjectsQuestion, ObjectsFigures, ObjectsGreeting>([
    ...["--expose-gc", fileURLToPath(new URL("objects-process.ts", import.meta.url)), directory],
  ]);
  return await use((question) => child.request(question), child.greeting);
}

async function measure(
  directory: string,
  called: number,
  keys: number,
  empty: ObjectsFigures,
): Promise<Result> {
  const before = await withProcess(directory, async (request) => {
    const { tookMs } = await request({ what: "call", from: called, count: keys - called });
    return { tookMs, idle: await request({ what: "settle" }) };
  });
  const startMs = performance.now();
  return await withProcess(directory, async (request, { recoverMs }) => {
    const restartMs = performance.now() - startMs;
    const idle = await request({ what: "settle" });
    const numbers = Array.from({ length: reads }, (_, at) => Math.floor((at * keys) / reads));
    const cold = await request({ what: "read", numbers });
    const { stdout } = await promisify(execFile)("du", ["-sk", directory]);
    return {
      variant: "idle objects",
      keys,
      callsPerSec: rounded(((keys - called) * 1_000) / before.tookMs),
      loaded: before.idle.loaded,
      heapMiB: rounded(before.idle.heapMiB),
      heapBytesPerKey: rounded(((before.idle.heapMiB - empty.heapMiB) * 2 ** 20) / keys),
      pssMiB: rounded(before.idle.pssMiB),
      emptyPssMiB: rounded(empty.pssMiB),
      restartMs: rounded(restartMs),
      recoverMs: rounded(recoverMs),
      restartedPssMiB: rounded(idle.pssMiB),
      restartedHeapMiB: rounded(idle.heapMiB),
      coldReadP50Ms: rounded(cold.p50Ms),
      coldReadP99Ms: rounded(cold.p99Ms),
      diskBytesPerKey: rounded((Number.parseInt(stdout, 10) * 1_024) / keys),
    };
  });
}
