import { setTimeout as pause } from "node:timers/promises";
import { median, rounded } from "../measure/statistics.ts";
import { startChild } from "../processes/child.ts";
import { cpuMs, type Memory, memoryOf } from "../processes/figures.ts";
import { startPlatform } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

/** What a start leaves behind is given back by then: threads that nothing is asked of end after 20 s. */
const settleMs = 90_000;
const watchMs = 30_000;

/** Memory is read 120 s after the start. The processes run side by side: pages that both share count half for each. */
export const idle: Scenario = {
  name: "idle",
  about: "memory and processor of the platform with nothing to do, beside an empty Node",
  goals: [
    {
      ...{ line: { variant: "platform" }, figure: "deltaMiB", atMost: 90, unit: "MiB" },
      ...{ beside: ["pssMiB", "emptyNodePssMiB"], known: { issue: 19, worst: 130 } },
    },
    {
      ...{ line: { variant: "platform" }, figure: "cpuPercent", atMost: 0.5, unit: "%" },
      known: { issue: 19, worst: 1.5 },
    },
  ],
  brief: { rounds: 1, seconds: 30 },
  async *run({ rounds, seconds }) {
    // The first start fills the compile cache.
    await (await startPlatform())[Symbol.asyncDispose]();
    const taken: { readonly ours: Memory; readonly empty: Memory; readonly cpuPercent: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      await using empty = await startChild(["-e", "console.log('up'); setInterval(() => {}, 1e8)"], {
        until: (line) => line || undefined,
      });
      await using platform = await startPlatform();
      await pause(settleMs);
      const beforeMs = cpuMs(platform.pid);
      const startMs = performance.now();
      await pause(Math.max(watchMs, seconds * 1_000));
      const cpuPercent = (100 * (cpuMs(platform.pid) - beforeMs)) / (performance.now() - startMs);
      taken.push({ ours: memoryOf(platform.pid), empty: memoryOf(empty.pid), cpuPercent });
    }
    const medianOf = (figure: (one: (typeof taken)[number]) => number) => rounded(median(taken.map(figure)));
    yield {
      variant: "platform",
      pssMiB: medianOf(({ ours }) => ours.pssMiB),
      emptyNodePssMiB: medianOf(({ empty }) => empty.pssMiB),
      deltaMiB: medianOf(({ ours, empty }) => ours.pssMiB - empty.pssMiB),
      deltaPrivateMiB: medianOf(({ ours, empty }) => ours.privateMiB - empty.privateMiB),
      cpuPercent: medianOf(({ cpuPercent }) => cpuPercent),
    };
  },
};
