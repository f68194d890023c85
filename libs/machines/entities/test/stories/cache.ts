/** Histories that every release has to read: what happened, told once and written down by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { cache, forgetOutput, storeOutput } from "../../src/cache/index.ts";
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
};
