import { setTimeout as pause } from "node:timers/promises";
import { median, rounded } from "../measure/statistics.ts";
import { startChild } from "../processes/child.ts";
import { cpuMs, type Memory, memoryOf } from "../processes/figures.ts";
import { startPlatform } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

/** Until then a process has released the memory of the start. Idle threads end after 20 s. */
const settleMs = 120_000;
/** One minute, because alert rules are evaluated and series recorded once a minute. The metrics include both. */
const watchMs = 60_000;
const samples = 12;

/**
 * Measured from 120 to 180 s after the start, as the mean of memory readings every 5 s. The processes run concurrently,
 * so pages that both share count half for each.
 */
export const idle: Scenario = {
  name: "idle",
  about: "memory and CPU of the idle platform, compared with an empty Node process",
  goals: [
    {
      line: { variant: "platform" },
      figure: "deltaMiB",
      atMost: 90,
      unit: "MiB",
      compared: ["pssMiB", "emptyNodePssMiB"],
      known: { issue: 19, worst: 130 },
    },
    {
      line: { variant: "platform" },
      figure: "cpuPercent",
      atMost: 0.5,
      unit: "%",
      known: { issue: 19, worst: 1.5 },
    },
  ],
  brief: { rounds: 1, seconds: 60 },
  async *run({ rounds }) {
    // The first start fills the compile cache.
    await (await startPlatform())[Symbol.asyncDispose]();
    const results: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      await using empty = await startChild(["-e", "console.log('up'); setInterval(() => {}, 1e8)"], {
        until: (line) => line || undefined,
      });
      await using platform = await startPlatform();
      await pause(settleMs);
      const beforeMs = cpuMs(platform.pid);
      const startMs = performance.now();
      const memories: { readonly ours: Memory; readonly empty: Memory }[] = [];
      for (let sample = 0; sample < samples; sample++) {
        await pause(watchMs / samples);
        memories.push({ ours: memoryOf(platform.pid), empty: memoryOf(empty.pid) });
      }
      const cpuPercent = (100 * (cpuMs(platform.pid) - beforeMs)) / (performance.now() - startMs);
      results.push({
        ours: meanOf(memories.map(({ ours }) => ours)),
        empty: meanOf(memories.map(({ empty }) => empty)),
        leastMiB: Math.min(...memories.map(({ ours }) => ours.pssMiB)),
        mostMiB: Math.max(...memories.map(({ ours }) => ours.pssMiB)),
        cpuPercent,
      });
    }
    const medianOf = (figure: (result: (typeof results)[number]) => number) =>
      rounded(median(results.map(figure)));
    yield {
      variant: "platform",
      pssMiB: medianOf(({ ours }) => ours.pssMiB),
      emptyNodePssMiB: medianOf(({ empty }) => empty.pssMiB),
      deltaMiB: medianOf(({ ours, empty }) => ours.pssMiB - empty.pssMiB),
      deltaPrivateMiB: medianOf(({ ours, empty }) => ours.privateMiB - empty.privateMiB),
      leastMiB: medianOf(({ leastMiB }) => leastMiB),
      mostMiB: medianOf(({ mostMiB }) => mostMiB),
      cpuPercent: medianOf(({ cpuPercent }) => cpuPercent),
    };
  },
};

interface Round {
  readonly ours: Memory;
  readonly empty: Memory;
  /** Least single reading of the platform. */
  readonly leastMiB: number;
  readonly mostMiB: number;
  readonly cpuPercent: number;
}

function meanOf(values: readonly Memory[]): Memory {
  const mean = (figure: (memory: Memory) => number) =>
    values.reduce((sum, memory) => sum + figure(memory), 0) / values.length;
  return { pssMiB: mean(({ pssMiB }) => pssMiB), privateMiB: mean(({ privateMiB }) => privateMiB) };
}
