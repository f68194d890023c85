import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { AnswerCache } from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { asker, cacheKey, cacheService, inline } from "../testing/cache.ts";
import { askCache, cache, forgetOutput, storeOutput } from "./index.ts";

function scene() {
  const answers: AnswerCache[] = [];
  const driver = new MachineDriver({ machines: [cache, asker(answers)], service: cacheService });
  const ask = () => {
    driver.execute(cacheKey, askCache, { runId: "r", taskId: "t", visit: 2 });
    driver.deliverAll();
    return answers.at(-1);
  };
  return { driver, ask };
}

describe("an entry of the cache", () => {
  it("answers what it has, with the task and its visit, until its time is over", () => {
    const { driver, ask } = scene();
    assert.deepEqual(ask(), { taskId: "t", visit: 2, found: false, output: undefined });
    driver.execute(cacheKey, storeOutput, { output: inline("7"), ttlMs: 1_000 });
    driver.advance(999);
    assert.deepEqual(ask(), { taskId: "t", visit: 2, found: true, output: inline("7") });
    driver.advance(1);
    assert.equal(ask()?.found, false);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("keeps the latest output, and begins anew after it has ended", () => {
    const { driver, ask } = scene();
    driver.execute(cacheKey, storeOutput, { output: inline("1"), ttlMs: 1_000 });
    driver.execute(cacheKey, storeOutput, { output: undefined, ttlMs: 5_000 });
    driver.advance(2_000);
    assert.deepEqual(ask(), { taskId: "t", visit: 2, found: true, output: undefined });
    driver.execute(cacheKey, forgetOutput, {});
    assert.equal(ask()?.found, false);
    driver.execute(cacheKey, storeOutput, { output: inline("3"), ttlMs: 1_000 });
    assert.equal(ask()?.found, true);
  });
});
