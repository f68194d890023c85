import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, rounded } from "../measure/statistics.ts";
import { startPlatform } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

export const start: Scenario = {
  name: "start",
  about: "time from starting the platform's process to ready: the first time, and every other time",
  async *run({ rounds }) {
    const before = process.env["NODE_COMPILE_CACHE"];
    const cache = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    const first: number[] = [];
    const again: number[] = [];
    try {
      for (let round = 0; round < rounds; round++) {
        process.env["NODE_COMPILE_CACHE"] = join(cache, String(round));
        first.push(await once());
        again.push(await once());
      }
    } finally {
      if (before === undefined) delete process.env["NODE_COMPILE_CACHE"];
      else process.env["NODE_COMPILE_CACHE"] = before;
      await rm(cache, { recursive: true, force: true });
    }
    yield { variant: "first", readyMs: rounded(median(first)) };
    yield { variant: "again", readyMs: rounded(median(again)) };
  },
};

async function once(): Promise<number> {
  const startMs = performance.now();
  const platform = await startPlatform();
  const tookMs = performance.now() - startMs;
  await platform[Symbol.asyncDispose]();
  return tookMs;
}
