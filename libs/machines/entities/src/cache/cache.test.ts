import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import {
  type AnswerCache,
  AskCache,
  type CacheAsker,
  CacheMiss,
  CacheMissReason,
  type CheckComputing,
  StoreOutput,
} from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { asker, cacheKey, cacheService, inline } from "../testing/cache.ts";
import type { CacheStep } from "./entry.ts";
import { joinFlight } from "./flight.ts";
import { askCache, cache, forgetOutput, reportComputing, storeOutput } from "./index.ts";
import { isChecked } from "./proof.ts";

function scene() {
  const answers: AnswerCache[] = [];
  const driver = new MachineDriver({ machines: [cache, asker(answers)], service: cacheService });
  const ask = () => {
    driver.execute(
      cacheKey,
      askCache,
      AskCache.fromPartial({ runId: "r", taskId: "t", visit: 2, waits: false }),
    );
    driver.deliverAll();
    return answers.at(-1);
  };
  return { driver, ask };
}

describe("an entry of the cache", () => {
  it("returns its output, with the task and visit of the request, until it expires", () => {
    const { driver, ask } = scene();
    assert.deepEqual(ask(), {
      taskId: "t",
      visit: 2,
      found: false,
      output: undefined,
      waitMs: 0,
      error: undefined,
      miss: CacheMiss.fromPartial({ reason: CacheMissReason.CACHE_MISS_REASON_ABSENT }),
    });
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("7"), ttlMs: 1_000 }));
    driver.advance(999);
    assert.deepEqual(ask(), {
      taskId: "t",
      visit: 2,
      found: true,
      output: inline("7"),
      waitMs: 0,
      error: undefined,
      miss: undefined,
    });
    driver.advance(1);
    assert.equal(ask()?.found, false);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("stores the latest output, and restarts after it has ended", () => {
    const { driver, ask } = scene();
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("1"), ttlMs: 1_000 }));
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: undefined, ttlMs: 5_000 }));
    driver.advance(2_000);
    assert.deepEqual(ask(), {
      taskId: "t",
      visit: 2,
      found: true,
      output: undefined,
      waitMs: 0,
      error: undefined,
      miss: undefined,
    });
    driver.execute(cacheKey, forgetOutput, { evictStoreMs: 0, unreadable: false });
    assert.equal(ask()?.found, false);
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("3"), ttlMs: 1_000 }));
    assert.equal(ask()?.found, true);
  });

  it("evicts only the output with the given store time, not a newer output or a computation", () => {
    const { driver, ask } = scene();
    const store = (value: string) =>
      driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline(value), ttlMs: 9_000 }));
    store("1");
    const evictStoreMs = driver.state(cacheKey, cache).storeMs;
    driver.advance(10);
    store("2");
    driver.execute(cacheKey, forgetOutput, { evictStoreMs, unreadable: false });
    assert.equal(ask()?.found, true);
    driver.execute(cacheKey, forgetOutput, { evictStoreMs: evictStoreMs + 10, unreadable: false });
    assert.equal(ask()?.found, false);
    // The eviction was no invalidation: an earlier attempt stores its output.
    const before = { output: inline("3"), ttlMs: 9_000, startMs: evictStoreMs };
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial(before));
    assert.equal(ask()?.found, true);
  });

  it("single flight: one of many tasks computes, and the others wait and receive its output", () => {
    const { driver, answers, asks } = flight();
    for (let number = 0; number < 600; number += 1) asks(`r${number}`);
    driver.deliverAll();
    const answered = () => answers.filter(({ waitMs }) => waitMs === 0);
    assert.deepEqual([answers.length, answered().length, answered()[0]?.found], [600, 1, false]);
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: inline("7"), ttlMs: 60_000 }));
    // They do not all get a reply in one step.
    driver.deliverAll();
    assert.ok(answered().length < 600, `${answered().length}`);
    for (let step = 0; step < 10; step += 1) {
      driver.advance(1);
      driver.deliverAll();
    }
    assert.equal(answered().filter(({ found }) => found).length, 599);
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
    // It is asked again, and does not reply.
    driver.advance(1);
    driver.advance(30_000);
    assert.equal(computes(), "r2");
    // A task that starts again takes its own place.
    asks("r2", 3);
    assert.equal(computes(), "r2");
    driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial({ output: undefined, ttlMs: 0 }));
    assert.equal(computes(), "r3");
    report("r3", false);
    assert.equal(driver.description(cacheKey).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("the entry of a task that disappeared ends on its own", () => {
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
      driver.execute(cacheKey, askCache, AskCache.fromPartial({ runId, taskId: "t", visit: 1, waits: true }));
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

describe("metadata of a cache entry", () => {
  const facts = { capability: "rates.load@^1", tags: ["rates", "day:1"], sources: ["aa"] };
  const stored = (value: string, more: Parameters<typeof StoreOutput.fromPartial>[0] = {}) =>
    StoreOutput.fromPartial({
      ...{ output: inline(value), ttlMs: 60_000, facts, runId: "r0", taskId: "t", agent: "w" },
      ...more,
    });

  it("is in its labels from the start of the first task until it is forgotten", () => {
    const { driver } = flight();
    driver.execute(
      cacheKey,
      askCache,
      AskCache.fromPartial({ runId: "r0", taskId: "t", waits: true, facts }),
    );
    const labels = () => driver.description(cacheKey).labels;
    assert.deepEqual(Object.keys(labels()), ["capability", "tag:rates", "tag:day:1", "source:aa"]);
    driver.execute(cacheKey, storeOutput, stored("7"));
    const { run, agent, bytes, capability } = labels();
    assert.deepEqual([run, agent, bytes, capability], ["r0", "w", "1", "rates.load@^1"]);
    driver.execute(cacheKey, forgetOutput, { evictStoreMs: 0, unreadable: false });
    assert.deepEqual(labels(), {});
  });

  it("an output from before the invalidation is discarded, and a waiting task computes a new one", () => {
    const { driver, answers, asks, computes } = flight();
    for (const run of ["r0", "r1", "r2"]) asks(run);
    const beforeMs = driver.nowMs;
    driver.advance(10);
    driver.execute(cacheKey, forgetOutput, { evictStoreMs: 0, unreadable: false });
    driver.deliverAll();
    assert.equal(computes(), "r1");
    driver.execute(cacheKey, storeOutput, stored("old", { startMs: beforeMs }));
    assert.equal(driver.state(cacheKey, cache).present, false);
    driver.execute(cacheKey, storeOutput, stored("new", { startMs: driver.nowMs, runId: "r1" }));
    driver.deliverAll();
    assert.deepEqual(answers.at(-1)?.output, inline("new"));
  });

  it("while one task computes a new output, other tasks receive the stale output", () => {
    const { driver, answers, asks, computes, report } = flight();
    driver.execute(cacheKey, storeOutput, stored("1", { staleMs: 30_000 }));
    driver.advance(60_000);
    asks("r1");
    assert.deepEqual([computes(), answers.at(-1)?.found], ["r1", false]);
    asks("r2");
    assert.deepEqual([answers.at(-1)?.found, answers.at(-1)?.output], [true, inline("1")]);
    // Its failure does not affect others: the next one computes.
    report("r1", false);
    asks("r3");
    assert.deepEqual([computes(), answers.at(-1)?.found], ["r3", false]);
    driver.advance(30_000);
    asks("r4");
    assert.deepEqual(answers.at(-1)?.waitMs, 3_600_000);
    driver.execute(cacheKey, storeOutput, stored("2"));
    driver.deliverAll();
    assert.deepEqual(answers.at(-1)?.output, inline("2"));
  });

  it("a failure is shared with waiting tasks and new requests, but not with a retried task", () => {
    const { driver, answers, asks, computes } = flight();
    const error = ErrorDetail.fromPartial({ code: "rates.unknown", message: "no such day" });
    for (const run of ["r0", "r1"]) asks(run);
    driver.execute(cacheKey, storeOutput, stored("", { output: undefined, error, ttlMs: 1_000 }));
    driver.deliverAll();
    assert.equal(answers.at(-1)?.error?.code, "rates.unknown");
    asks("r2");
    assert.equal(answers.at(-1)?.error?.code, "rates.unknown");
    const retried = { runId: "r2", taskId: "t", visit: 3, waits: true, ignoresFailure: true, facts };
    driver.execute(cacheKey, askCache, AskCache.fromPartial(retried));
    driver.deliverAll();
    assert.deepEqual([computes(), answers.at(-1)?.error], ["r2", undefined]);
    driver.advance(1_000);
    assert.equal(driver.state(cacheKey, cache).present, false);
  });

  it("counts in how many minutes it was used", () => {
    const { driver, asks } = flight();
    driver.execute(cacheKey, storeOutput, stored("1", { ttlMs: 600_000 }));
    for (let minute = 0; minute < 3; minute += 1) {
      driver.advance(60_000);
      asks("r1");
      asks("r2");
    }
    assert.deepEqual(
      [driver.state(cacheKey, cache).uses, driver.description(cacheKey).labels["uses"]],
      [3, "3"],
    );
  });

  it("is not recorded while processes of an earlier release run", () => {
    const machines = [cache, asker([])];
    const driver = new MachineDriver({ machines, service: cacheService, behaviours: { cache: 2 } });
    driver.execute(cacheKey, storeOutput, stored("1", { staleMs: 30_000 }));
    const { keepMs, dueMs, facts: known, runId } = driver.state(cacheKey, cache);
    assert.ok(keepMs <= dueMs);
    assert.deepEqual([known, runId], [undefined, ""]);
    const error = ErrorDetail.fromPartial({ code: "rates.unknown" });
    driver.execute(cacheKey, storeOutput, stored("", { output: undefined, error }));
    assert.equal(driver.state(cacheKey, cache).error, undefined);
  });
});

describe("the reason for which a task computes", () => {
  const { CACHE_MISS_REASON_PRODUCER_ENDED: producerEnded, CACHE_MISS_REASON_ABSENT: absent } =
    CacheMissReason;
  const missing = () => {
    const { driver, answers, asks } = flight();
    const missOf = (runId: string): CacheMiss | undefined => {
      asks(runId);
      driver.deliverAll();
      return answers.at(-1)?.miss;
    };
    const store = (fields: Partial<StoreOutput> = {}) => {
      const body = {
        output: inline("1"),
        ttlMs: 60_000,
        staleMs: 30_000,
        runId: "r0",
        taskId: "t",
        ...fields,
      };
      driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial(body));
      driver.deliverAll();
    };
    return { driver, answers, missOf, store };
  };
  const forget = (evictStoreMs: number, unreadable = false) => ({ evictStoreMs, unreadable });

  for (const [title, reason, happens] of [
    ["expired, while others still get it", "EXPIRED", ({ driver }) => driver.advance(60_000)],
    ["expired, and removed", "EXPIRED", ({ driver }) => driver.advance(90_000)],
    [
      "evicted",
      "EVICTED",
      ({ driver }) => driver.execute(cacheKey, forgetOutput, forget(driver.state(cacheKey, cache).storeMs)),
    ],
    ["invalidated", "INVALIDATED", ({ driver }) => driver.execute(cacheKey, forgetOutput, forget(0))],
    ["unreadable", "UNREADABLE", ({ driver }) => driver.execute(cacheKey, forgetOutput, forget(0, true))],
  ] as const satisfies readonly (readonly [string, string, (scene: ReturnType<typeof missing>) => void])[])
    it(`names the run and task of an output that was ${title}, and the time`, () => {
      const scene = missing();
      const storeMs = scene.driver.nowMs;
      scene.store();
      happens(scene);
      const { reason: found, runId, taskId, forgetTime } = scene.missOf("r1") ?? {};
      assert.deepEqual([found, runId, taskId], [CacheMissReason[`CACHE_MISS_REASON_${reason}`], "r0", "t"]);
      const forgetMs = fromTimestamp(forgetTime ?? { seconds: 0, nanos: 0 });
      assert.equal(forgetMs, reason === "EXPIRED" ? storeMs + 60_000 : scene.driver.nowMs);
      scene.store({ runId: "r1" });
      assert.equal(scene.missOf("r2"), undefined, "a hit has none");
      assert.equal(scene.driver.state(cacheKey, cache).forgotten, undefined);
    });

  it("is that there never was an output, or that the task that computed it ended without one", () => {
    const { driver, answers, missOf } = missing();
    assert.equal(missOf("r0")?.reason, absent);
    assert.equal(missOf("r1"), undefined, "it waits");
    driver.execute(cacheKey, reportComputing, { runId: "r0", taskId: "t", visit: 2, computing: false });
    driver.deliverAll();
    const { reason, runId, taskId } = answers.at(-1)?.miss ?? {};
    assert.deepEqual([reason, runId, taskId], [producerEnded, "r0", "t"]);
  });

  it("is that too many tasks waited, with the task that computes", () => {
    const { driver, missOf } = missing();
    missOf("r0");
    const askers = Array.from({ length: 20_000 }, (_, at) => ({
      runId: `r${at + 1}`,
      taskId: "t",
      visit: 2,
    }));
    const joined = (waiters: readonly CacheAsker[]) => {
      const entry = { ...driver.state(cacheKey, cache), waiters };
      const events: string[] = [];
      const sent: AnswerCache[] = [];
      const step = {
        ...{ nowMs: driver.nowMs, key: cacheKey, behaviour: 99 },
        emit: ({ type }: { readonly type: string }) => events.push(type),
        send: (_to: unknown, _message: unknown, body: AnswerCache) => sent.push(body),
      };
      // The cast: all that it uses.
      joinFlight(entry, { runId: "late", taskId: "t", visit: 2 }, step as unknown as CacheStep, undefined);
      const [{ waitMs, miss } = assert.fail()] = sent;
      return [events, waitMs > 0, miss?.reason, miss?.runId];
    };
    assert.deepEqual(joined(askers.slice(1)), [["waiter_added"], true, undefined, undefined]);
    assert.deepEqual(joined(askers), [[], false, CacheMissReason.CACHE_MISS_REASON_CROWDED, "r0"]);
  });

  it("is kept by a snapshot", () => {
    const { driver, store } = missing();
    store();
    driver.advance(90_000);
    const { forgotten } = driver.state(cacheKey, cache);
    const snapshot = cache.snapshots.encode(driver.state(cacheKey, cache));
    assert.deepEqual(cache.snapshots.decode(snapshot, cache.snapshots.version).forgotten, forgotten);
    assert.equal(forgotten?.runId, "r0");
  });
});

describe("outputs of tasks that a cache learns", () => {
  const learning = (behaviours: Readonly<Record<string, number>> = {}) => {
    const answers: AnswerCache[] = [];
    const driver = new MachineDriver({
      machines: [cache, asker(answers)],
      service: cacheService,
      behaviours,
    });
    const asks = (runId: string, auto = true) => {
      const body = { runId, taskId: "t", visit: 2, waits: true, auto };
      driver.execute(cacheKey, askCache, AskCache.fromPartial(body));
      driver.deliverAll();
      return answers.at(-1)?.found;
    };
    const missed = () => {
      const { reason, equalOutputs, neededOutputs } = answers.at(-1)?.miss ?? {};
      return [reason, equalOutputs, neededOutputs];
    };
    const store = (value: string, runId = "r0") => {
      const body = { output: inline(value), ttlMs: 60_000, runId, taskId: "t", auto: true };
      driver.execute(cacheKey, storeOutput, StoreOutput.fromPartial(body));
      driver.deliverAll();
    };
    const used = (count: number) =>
      Array.from({ length: count }, (_, run) => asks(`r${run}`)).filter((found) => found).length;
    return { driver, answers, asks, missed, store, used, entry: () => driver.state(cacheKey, cache) };
  };

  it("are reused after three equal outputs in a row, and one task in ten still computes for comparison", () => {
    const { asks, missed, store, used, entry } = learning();
    for (const equal of [1, 2]) {
      store("7");
      assert.deepEqual([used(20), entry().equal], [0, equal]);
      assert.deepEqual(missed(), [CacheMissReason.CACHE_MISS_REASON_UNPROVEN, equal, 3]);
    }
    assert.equal(entry().computing, undefined, "no task waits for another one");
    store("7");
    const found = used(1_000);
    assert.ok(found > 850 && found < 950, `${found} of 1,000 tasks`);
    assert.equal(used(1_000), found, "the same tasks");
    const compared = Array.from({ length: 100 }, (_, run) => `r${run}`).find((runId) => !asks(runId));
    assert.ok(compared !== undefined);
    assert.deepEqual(missed(), [CacheMissReason.CACHE_MISS_REASON_COMPARED, 3, 3]);
  });

  it("are no longer reused from the first that differs, until twenty in a row were equal", () => {
    const { driver, store, used, entry } = learning();
    for (const _ of [1, 2, 3]) store("7");
    driver.advance(1_000);
    store("8", "r5");
    assert.deepEqual([used(50), entry().equal, entry().differMs], [0, 1, driver.nowMs]);
    for (let at = 0; at < 18; at += 1) store("8");
    assert.equal(used(50), 0);
    store("8");
    assert.ok(used(50) > 30);
  });

  it("record no further event while they stay equal, and keep their store time", () => {
    const { driver, store, entry } = learning();
    for (const _ of [1, 2, 3]) store("7");
    const { storeMs } = entry();
    const events = driver.history(cacheKey).length;
    driver.advance(10_000);
    store("7");
    assert.deepEqual([entry().storeMs, driver.history(cacheKey).length], [storeMs, events]);
  });

  it("a task that waits computes when the output that it waited for differs", () => {
    const { driver, answers, asks, store, entry } = learning();
    for (const _ of [1, 2, 3]) store("7");
    driver.advance(60_000);
    const runs = Array.from({ length: 30 }, (_, run) => `late-${run}`).filter(
      (run) => !isChecked({ runId: run, taskId: "t" }),
    );
    const [first = "", second = ""] = runs;
    asks(first);
    asks(second);
    assert.deepEqual([entry().computing?.runId, answers.at(-1)?.waitMs], [first, 3_600_000]);
    store("8", first);
    assert.deepEqual([answers.at(-1)?.found, answers.at(-1)?.waitMs], [false, 0]);
  });

  it("are not compared while processes of an earlier release run", () => {
    const { store, used, entry } = learning({ cache: 3 });
    for (const _ of [1, 2, 3, 4]) store("7");
    assert.deepEqual([used(20), entry().present], [0, false]);
  });
});

/** Runs that wait, and the messages to them. */
function flight() {
  const answers: AnswerCache[] = [];
  const checks: CheckComputing[] = [];
  const driver = new MachineDriver({ machines: [cache, asker(answers, checks)], service: cacheService });
  const asks = (runId: string, visit = 2): void => {
    driver.execute(cacheKey, askCache, AskCache.fromPartial({ runId, taskId: "t", visit, waits: true }));
    driver.deliverAll();
  };
  const report = (runId: string, computing: boolean): void => {
    driver.execute(cacheKey, reportComputing, { runId, taskId: "t", visit: 2, computing });
    driver.deliverAll();
  };
  const computes = () => driver.state(cacheKey, cache).computing?.runId;
  return { driver, answers, checks, asks, report, computes };
}
