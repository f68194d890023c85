import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  acquire,
  breakHold,
  changesPerStepMax,
  endWork,
  giveWay,
  leaveLine,
  lock,
  placeRetentionMs,
  release,
  renew,
  setPermits,
} from "../index.ts";
import {
  acquireAs,
  acquireBody,
  holding,
  inLine,
  lockOf,
  newDriver,
  releaseAs,
  stepOn,
} from "../lock.fixture.ts";
import { lockKey, workOf } from "../testing/index.ts";

describe("a lock", () => {
  it("has one holder, and the next in line gets it with a greater token", () => {
    const driver = newDriver();
    const first = Number(acquireAs(driver, "a"));
    assert.equal(acquireAs(driver, "b"), 0);
    assert.equal(acquireAs(driver, "a"), first, "the same holder again holds the same");
    releaseAs(driver, "a", first);
    assert.ok(Number(acquireAs(driver, "b")) > first);
  });

  it("that was forgotten and restarts issues greater tokens than before", () => {
    const driver = newDriver();
    const before = Number(acquireAs(driver, "a"));
    driver.advance(1);
    const later = newDriver();
    later.advance(driver.nowMs - later.nowMs);
    assert.ok(Number(acquireAs(later, "a")) > before);
  });

  it("is shared by shared holders, and none of them passes a waiting exclusive holder", () => {
    const driver = newDriver();
    acquireAs(driver, "r1", { shared: true });
    acquireAs(driver, "r2", { shared: true });
    acquireAs(driver, "w");
    acquireAs(driver, "r3", { shared: true });
    assert.deepEqual(
      [holding(driver), inLine(driver)],
      [
        ["r1", "r2"],
        ["w", "r3"],
      ],
    );
    releaseAs(driver, "r1");
    releaseAs(driver, "r2");
    assert.deepEqual([holding(driver), inLine(driver)], [["w"], ["r3"]]);
  });

  it("with several permits grants them together, and shared holders use the permits of the largest among them", () => {
    const driver = lockOf(4);
    for (const [holder, permits, shared] of [
      ["a", 1, false],
      ["s1", 1, true],
      ["s2", 2, true],
    ] as const)
      acquireAs(driver, holder, { permits, shared });
    assert.deepEqual(holding(driver), ["a", "s1", "s2"]);
    assert.equal(acquireAs(driver, "b", { permits: 2, waitMs: 0 }), "lock.held");
    assert.ok(Number(acquireAs(driver, "c")) > 0);
    releaseAs(driver, "s2");
    assert.equal(driver.state(lockKey, lock).sharedMost, 1);
  });

  it("refuses at once a request that it can never grant, and another request under the same name", () => {
    const driver = newDriver();
    assert.equal(acquireAs(driver, "a", { permits: 2 }), "lock.permits_too_many");
    acquireAs(driver, "a");
    assert.equal(acquireAs(driver, "a", { shared: true }), "lock.holder_taken");
    for (const fields of [{ permits: 1_000_001 }, { leaseMs: -1 }, { waitMs: 60_001 }, { priority: 101 }])
      assert.equal(acquireAs(driver, "b", fields), "lock.wish_invalid");
  });

  it("names the holders that block to a caller that does not wait", () => {
    const driver = newDriver();
    for (const holder of ["a", "b", "c", "d", "e"]) acquireAs(driver, holder);
    assert.equal(acquireAs(driver, "z", { waitMs: 0 }), "lock.held");
    assert.equal(inLine(driver).includes("z"), false);
  });

  it("rejects waiting holders that want more permits than a reduced lock has", () => {
    const driver = lockOf(3);
    acquireAs(driver, "a", { permits: 3 });
    acquireAs(driver, "b", { permits: 2 });
    acquireAs(driver, "c");
    driver.execute(lockKey, setPermits, { permits: 1 });
    assert.deepEqual([holding(driver), inLine(driver)], [["a"], ["c"]]);
  });
});

describe("a lease of a lock", () => {
  it("ends if it is not renewed by the holder of the token", () => {
    const driver = newDriver();
    const token = Number(acquireAs(driver, "a", { leaseMs: 1_000 }));
    driver.advance(900);
    assert.deepEqual(driver.execute(lockKey, renew, { holder: "b", token, leaseMs: 0 }), { dueMs: 0 });
    const renewed = driver.execute(lockKey, renew, { holder: "a", token, leaseMs: 0 });
    assert.deepEqual(renewed, { dueMs: driver.nowMs + 1_000 });
    driver.advance(999);
    assert.deepEqual(holding(driver), ["a"]);
    driver.advance(1);
    assert.deepEqual(holding(driver), []);
    assert.deepEqual(driver.execute(lockKey, renew, { holder: "a", token, leaseMs: 0 }), { dueMs: 0 });
  });

  it("can be revoked by a user, and ends with its work, which then also stops waiting", () => {
    const driver = newDriver();
    acquireAs(driver, "a", { work: workOf("one", "t") });
    acquireAs(driver, "b", { work: workOf("two") });
    acquireAs(driver, "c", { work: workOf("one") });
    driver.execute(lockKey, endWork, { work: workOf("two", "t") });
    assert.deepEqual([holding(driver), inLine(driver)], [["a"], ["b", "c"]]);
    driver.execute(lockKey, endWork, { work: workOf("one") });
    assert.deepEqual([holding(driver), inLine(driver)], [["b"], []]);
    const broken = (holder: string) => driver.execute(lockKey, breakHold, { holder, reason: "gone" });
    assert.deepEqual([broken("nobody"), broken("b")], [{ broken: false }, { broken: true }]);
    assert.deepEqual(holding(driver), []);
  });

  it("does not expire while the lock itself is unavailable", () => {
    const driver = newDriver();
    acquireAs(driver, "a", { leaseMs: 1_000 });
    acquireAs(driver, "b", { waitMs: 0, leaseMs: 1_000 });
    acquireAs(driver, "c", { waitMs: 1_000 });
    const state = driver.state(lockKey, lock);
    const step = stepOn(state, driver.nowMs + 60_000);
    lock.expire?.(state, 1, step);
    assert.deepEqual(step.emitted, ["lock_spared"]);
    assert.equal(state.dueMs, step.nowMs + placeRetentionMs);
    assert.deepEqual([state.holds.size, state.line.size], [1, 1]);
  });
});

describe("a place in the line", () => {
  it("is kept for ten seconds between two calls, and no longer", () => {
    const driver = newDriver();
    acquireAs(driver, "a", { leaseMs: 3_600_000 });
    acquireAs(driver, "b", { waitMs: 1_000 });
    driver.advance(1_000 + placeRetentionMs - 1);
    assert.equal(acquireAs(driver, "b", { waitMs: 1_000 }), 0);
    driver.advance(500);
    driver.execute(lockKey, leaveLine, { holder: "b" });
    driver.advance(placeRetentionMs - 1);
    assert.deepEqual(inLine(driver), ["b"]);
    driver.advance(1);
    assert.deepEqual(inLine(driver), []);
  });

  it("that is granted while no caller listens is held until the place itself would expire", () => {
    const driver = newDriver();
    acquireAs(driver, "a");
    acquireAs(driver, "b", { waitMs: 1_000 });
    driver.advance(3_000);
    releaseAs(driver, "a");
    assert.deepEqual(holding(driver), ["b"]);
    driver.advance(8_000 - 1);
    assert.ok(Number(acquireAs(driver, "b")) > 0, "a repeated request has it for the whole lease");
    driver.advance(29_000);
    assert.deepEqual(holding(driver), ["b"]);
  });

  it("that gives way in a deadlock reports it to a repeated request", () => {
    const driver = newDriver();
    acquireAs(driver, "a");
    acquireAs(driver, "b");
    const ticket = driver.state(lockKey, lock).line.head?.ticket ?? 0;
    driver.execute(lockKey, giveWay, { ticket, message: "a waits for b waits for a" });
    driver.execute(lockKey, giveWay, { ticket, message: "again" });
    const answer = acquireAs(driver, "b");
    assert.equal(answer, "session.deadlock");
    driver.advance(placeRetentionMs);
    assert.equal(acquireAs(driver, "b"), 0);
  });

  it("is worked off a thousand at a time, a millisecond apart", () => {
    const state = lock.create(lockKey);
    const step = stepOn(state, 1_767_225_600_000);
    acquire.decide(state, acquireBody("first"), step);
    const count = changesPerStepMax + 50;
    for (let index = 0; index < count; index++)
      acquire.decide(state, acquireBody(`s-${index}`, { shared: true }), step);
    release.decide(state, { holder: "first", token: 0 }, step);
    assert.deepEqual(
      [state.holds.size, state.line.size, state.dueMs],
      [changesPerStepMax, 50, step.nowMs + 1],
    );
    lock.expire?.(state, 1, { ...step, nowMs: step.nowMs + 1 });
    assert.deepEqual([state.holds.size, state.line.size], [count, 0]);
  });
});
