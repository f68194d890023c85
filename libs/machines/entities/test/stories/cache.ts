/** Histories that every release has to read: what happened, told once and written down by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { askCache, cache, forgetOutput, reportComputing, storeOutput } from "../../src/cache/index.ts";
import { asker, cacheKey, cacheService, inline } from "../../src/testing/cache.ts";

/** By the name of the file. */
export const stories: GoldenStories = {
  /** Stored, forgotten, stored again. */
  stored: (release) => {
    const driver = new MachineDriver({ machines: [cache, asker([])], service: cacheService });
    driver.execute(cacheKey, storeOutput, { output: inline('{"a":1}'), ttlMs: 1_000 });
    driver.advance(1_000);
    driver.execute(cacheKey, storeOutput, { output: inline("2"), ttlMs: 1_000 });
    driver.execute(cacheKey, forgetOutput, {});
    driver.execute(cacheKey, storeOutput, { output: inline("3"), ttlMs: 60_000 });
    return goldenOf(driver, cache, cacheKey, release);
  },
  /** Three tasks ask at once: the first one fails, the second one has an output. */
  awaited: (release) => {
    const driver = new MachineDriver({ machines: [cache, asker([])], service: cacheService });
    for (const runId of ["r0", "r1", "r2"])
      driver.execute(cacheKey, askCache, { runId, taskId: "t", visit: 1, waits: true });
    driver.execute(cacheKey, reportComputing, { runId: "r0", taskId: "t", visit: 1, computing: true });
    driver.execute(cacheKey, reportComputing, { runId: "r0", taskId: "t", visit: 1, computing: false });
    driver.execute(cacheKey, storeOutput, { output: inline("4"), ttlMs: 60_000 });
    return goldenOf(driver, cache, cacheKey, release);
  },
};
