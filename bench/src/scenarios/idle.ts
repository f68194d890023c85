import { setTimeout as pause } from "node:timers/promises";
import { median, rounded } from "../measure/statistics.ts";
import { startChild } from "../processes/child.ts";
import { cpuMs, pssMiB } from "../processes/figures.ts";
import { startPlatform } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

const settleMs = 10_000;

/** The processes run side by side, because pages that both share count half for each. */
export const idle: Scenario = {
  name: "idle",
  about: "memory and processor of the platform with nothing to do, beside an empty Node",
  async *run({ rounds, seconds }) {
    // The first start fills the compile cache.
    await (await startPlatform())[Symbol.asyncDispose]();
    const taken: { readonly pss: number; readonly empty: number; readonly cpu: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      await using empty = await startChild(["-e", "console.log('up'); setInterval(() => {}, 1e8)"], {
        until: (line) => line || undefined,
      });
      await using platform = await startPlatform();
      await pause(settleMs);
      const beforeMs = cpuMs(platform.pid);
      const startMs = performance.now();
      await pause(Math.max(5_000, seconds * 1_000));
      const cpu = (100 * (cpuMs(platform.pid) - beforeMs)) / (performance.now() - startMs);
      taken.push({ pss: pssMiB(platform.pid), empty: pssMiB(empty.pid), cpu });
    }
    yield {
      variant: "platform",
      pssMiB: rounded(median(taken.map(({ pss }) => pss))),
      emptyNodePssMiB: rounded(median(taken.map(({ empty }) => empty))),
      deltaMiB: rounded(median(taken.map(({ pss, empty }) => pss - empty))),
      cpuPercent: rounded(median(taken.map(({ cpu }) => cpu))),
    };
  },
};
