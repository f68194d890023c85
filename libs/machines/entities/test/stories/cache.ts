/** Histories that every release must read: recorded once by `npm run golden`. */
import { AskCache, StoreOutput } from "@tutti/contracts/workflow/v1";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { askCache, cache, forgetOutput, reportComputing, storeOutput } from "../../src/cache/index.ts";
import { asker, cacheKey, cacheService, inline } from "../../src/testing/cache.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Stored, forgotten, stored again. */
  stored: (release) => {
    const driver = new MachineDriver({ machines: [cache, asker([])], service: cacheService });
    driver.execute(
      cacheKey,
      storeOutput,
      StoreOutput.fromPartial({ output: inline('{"a":1}'), ttlMs: 1_000 }),
    );
    driver.advance(1_000);
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("2"), ttlMs: 1_000 }));
    driver.execute(cacheKey, forgetOutput, { evictStoreMs: 0, unreadable: false });
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("3"), ttlMs: 60_000 }));
    return goldenOf(driver, cache, cacheKey, release);
  },
  /** Three tasks ask at the same time: the first one fails, the second one has an output. */
  awaited: (release) => {
    const driver = new MachineDriver({ machines: [cache, asker([])], service: cacheService });
    for (const runId of ["r0", "r1", "r2"])
      driver.execute(cacheKey, askCache, AskCache.fromPartial({ runId, taskId: "t", visit: 1, waits: true }));
    driver.execute(cacheKey, reportComputing, { runId: "r0", taskId: "t", visit: 1, computing: true });
    driver.execute(cacheKey, reportComputing, { runId: "r0", taskId: "t", visit: 1, computing: false });
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("4"), ttlMs: 60_000 }));
    return goldenOf(driver, cache, cacheKey, release);
  },
  /** With tags and a worker, used, invalidated while another task computes it, and a failure. */
  known: (release) => {
    const driver = new MachineDriver({ machines: [cache, asker([])], service: cacheService });
    const facts = { capability: "rates.load@^1", tags: ["rates"], sources: ["aa"] };
    const by = { facts, runId: "r0", taskId: "t", agent: "w", ttlMs: 90_000, staleMs: 30_000 };
    const ask = (runId: string) =>
      driver.execute(
        cacheKey,
        askCache,
        AskCache.fromPartial({ runId, taskId: "t", visit: 1, waits: true, facts }),
      );
    ask("r0");
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ ...by, output: inline("5") }));
    driver.advance(60_000);
    ask("r1");
    driver.advance(30_000);
    ask("r2");
    driver.execute(cacheKey, forgetOutput, { evictStoreMs: 0, unreadable: false });
    const error = { code: "rates.unknown", message: "no such day" };
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ ...by, error }));
    return goldenOf(driver, cache, cacheKey, release);
  },
  /** Equal outputs of a task with `cache: auto`, and one that differs. */
  compared: (release) => {
    const driver = new MachineDriver({ machines: [cache, asker([])], service: cacheService });
    for (const value of ["6", "6", "6", "7"]) {
      const body = { output: inline(value), ttlMs: 60_000, runId: "r0", taskId: "t", auto: true };
      driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial(body));
      driver.advance(1_000);
    }
    return goldenOf(driver, cache, cacheKey, release);
  },
};
