import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { AnswerCache, CheckComputing } from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { asker, cacheKey, cacheService, inline } from "../testing/cache.ts";
import { askCache, cache, forgetOutput, reportComputing, storeOutput } from "./index.ts";

function scene() {
  const answers: AnswerCache[] = [];
  const driver = new MachineDriver({ machines: [cache, asker(answers)], service: cacheService });
  const ask = () => {
    driver.execute(cacheKey, askCache, { runId: "r", taskId: "t", visit: 2, waits: false });
    driver.deliverAll();
    return answers.at(-1);
  };
  return { driver, ask };
}

describe("an entry of the cache", () => {
  it("answers what it has, with the task and its visit, until its time is over", () => {
    const { driver, ask } = scene();
    assert.deepEqual(ask(), { taskId: "t", visit: 2, found: false, output: undefined, waitMs: 0 });
    driver.execute(cacheKey, storeOutput, { output: inline("7"), ttlMs: 1_000 });
    driver.advance(999);
    assert.deepEqual(ask(), { taskId: "t", visit: 2, found: true, output: inline("7"), waitMs: 0 });
    driver.advance(1);
    assert.equal(ask()?.found, false);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("keeps the latest output, and restarts after it has ended", () => {
    const { driver, ask } = scene();
    driver.execute(cacheKey, storeOutput, { output: inline("1"), ttlMs: 1_000 });
    driver.execute(cacheKey, storeOutput, { output: undefined, ttlMs: 5_000 });
    driver.advance(2_000);
    assert.deepEqual(ask(), { taskId: "t", visit: 2, found: true, output: undefined, waitMs: 0 });
    driver.execute(cacheKey, forgetOutput, {});
    assert.equal(ask()?.found, false);
    driver.execute(cacheKey, storeOutput, { output: inline("3"), ttlMs: 1_000 });
    assert.equal(ask()?.found, true);
  });

  it("single flight: one of many computes, the others wait and have its output", () => {
    const { driver, answers, asks } = flight();
    for (let number = 0; number < 600; number += 1) asks(`r${number}`);
    driver.deliverAll();
    const told = () => answers.filter(({ waitMs }) => waitMs === 0);
    assert.deepEqual([answers.length, told().length, told()[0]?.found], [600, 1, false]);
    driver.execute(cacheKey, storeOutput, { output: inline("7"), ttlMs: 60_000 });
    // Not all of them in one step.
    driver.deliverAll();
    assert.ok(told().length < 600, `${told().length}`);
    for (let step = 0; step < 10; step += 1) {
      driver.advance(1);
      driver.deliverAll();
    }
    assert.equal(told().filter(({ found }) => found).length, 599);
    assert.deepEqual(driver.state(cacheKey, cache).waiters, []);
    driver.advance(60_000);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("a waiter computes when the task that computed fails, or does not reply", () => {
    const { driver, asks, computes, report, checks } = flight();
    for (const run of ["r0", "r1", "r2", "r3"]) asks(run);
    assert.deepEqual([computes(), checks.length], ["r0", 1]);
    report("r2", false);
    assert.equal(computes(), "r0", "a waiter says nothing");
    report("r0", false);
    assert.equal(computes(), "r1");
    driver.advance(30_000);
    driver.deliverAll();
    report("r1", true);
    driver.advance(29_999);
    assert.equal(computes(), "r1");
    // It is asked again, and is silent.
    driver.advance(1);
    driver.advance(30_000);
    assert.equal(computes(), "r2");
    // A task that starts again takes its own place.
    asks("r2", 3);
    assert.equal(computes(), "r2");
    driver.execute(cacheKey, storeOutput, { output: undefined, ttlMs: 0 });
    assert.equal(computes(), "r3");
    report("r3", false);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("the entry of a task that vanished ends by itself", () => {
    const { driver, asks } = flight();
    asks("r0");
    driver.advance(300_000);
    driver.advance(30_000);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("does not wait while processes of an earlier release run", () => {
    const answers: AnswerCache[] = [];
    const machines = [cache, asker(answers)];
    const driver = new MachineDriver({ machines, service: cacheService, behaviours: { cache: 1 } });
    for (const runId of ["r0", "r1"])
      driver.execute(cacheKey, askCache, { runId, taskId: "t", visit: 1, waits: true });
    driver.deliverAll();
    assert.deepEqual(
      answers.map(({ found, waitMs }) => [found, waitMs]),
      [
        [false, 0],
        [false, 0],
      ],
    );
  });
});

/** Runs that wait, and the messages to them. */
function flight() {
  const answers: AnswerCache[] = [];
  const checks: CheckComputing[] = [];
  const driver = new MachineDriver({ machines: [cache, asker(answers, checks)], service: cacheService });
  const asks = (runId: string, visit = 2): void => {
    driver.execute(cacheKey, askCache, { runId, taskId: "t", visit, waits: true });
    driver.deliverAll();
  };
  const report = (runId: string, computing: boolean): void => {
    driver.execute(cacheKey, reportComputing, { runId, taskId: "t", visit: 2, computing });
    driver.deliverAll();
  };
  const computes = () => driver.state(cacheKey, cache).computing?.runId;
  return { driver, answers, checks, asks, report, computes };
}
