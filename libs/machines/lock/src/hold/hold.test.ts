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
  placeKeptMs,
  release,
  renew,
  setPermits,
} from "../index.ts";
import { giveBack, holding, inLine, lockOf, newDriver, stepOn, want, wish } from "../lock.fixture.ts";
import { lockKey, workOf } from "../testing/index.ts";

describe("a lock", () => {
  it("is held by one, and the next in line gets it with a greater token", () => {
    const driver = newDriver();
    const first = Number(want(driver, "a"));
    assert.equal(want(driver, "b"), 0);
    assert.equal(want(driver, "a"), first, "the same holder again holds the same");
    giveBack(driver, "a", first);
    assert.ok(Number(want(driver, "b")) > first);
  });

  it("that restarted, after it was forgotten, gives greater tokens than ever before", () => {
    const driver = newDriver();
    const before = Number(want(driver, "a"));
    driver.advance(1);
    const later = newDriver();
    later.advance(driver.nowMs - later.nowMs);
    assert.ok(Number(want(later, "a")) > before);
  });

  it("is shared by those that share, and none of them passes one that waits to have it alone", () => {
    const driver = newDriver();
    want(driver, "r1", { shared: true });
    want(driver, "r2", { shared: true });
    want(driver, "w");
    want(driver, "r3", { shared: true });
    assert.deepEqual(
      [holding(driver), inLine(driver)],
      [
        ["r1", "r2"],
        ["w", "r3"],
      ],
    );
    giveBack(driver, "r1");
    giveBack(driver, "r2");
    assert.deepEqual([holding(driver), inLine(driver)], [["w"], ["r3"]]);
  });

  it("of several permits gives them out together, and those that share hold what the greatest of them does", () => {
    const driver = lockOf(4);
    for (const [holder, permits, shared] of [
      ["a", 1, false],
      ["s1", 1, true],
      ["s2", 2, true],
    ] as const)
      want(driver, holder, { permits, shared });
    assert.deepEqual(holding(driver), ["a", "s1", "s2"]);
    assert.equal(want(driver, "b", { permits: 2, waitMs: 0 }), "lock.held");
    assert.ok(Number(want(driver, "c")) > 0);
    giveBack(driver, "s2");
    assert.equal(driver.state(lockKey, lock).sharedMost, 1);
  });

  it("refuses at once a request that it can never grant, and another request under the same name", () => {
    const driver = newDriver();
    assert.equal(want(driver, "a", { permits: 2 }), "lock.permits_too_many");
    want(driver, "a");
    assert.equal(want(driver, "a", { shared: true }), "lock.holder_taken");
    for (const given of [{ permits: 1_000_001 }, { leaseMs: -1 }, { waitMs: 60_001 }, { priority: 101 }])
      assert.equal(want(driver, "b", given), "lock.wish_invalid");
  });

  it("names the holders that block to a caller that does not wait", () => {
    const driver = newDriver();
    for (const holder of ["a", "b", "c", "d", "e"]) want(driver, holder);
    assert.equal(want(driver, "z", { waitMs: 0 }), "lock.held");
    assert.equal(inLine(driver).includes("z"), false);
  });

  it("turns away those that want more than there is by now", () => {
    const driver = lockOf(3);
    want(driver, "a", { permits: 3 });
    want(driver, "b", { permits: 2 });
    want(driver, "c");
    driver.execute(lockKey, setPermits, { permits: 1 });
    assert.deepEqual([holding(driver), inLine(driver)], [["a"], ["c"]]);
  });
});

describe("a lease of a lock", () => {
  it("ends if it is not renewed by the holder of the token", () => {
    const driver = newDriver();
    const token = Number(want(driver, "a", { leaseMs: 1_000 }));
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

  it("is taken away by hand, and ends with its work, which waits no more either", () => {
    const driver = newDriver();
    want(driver, "a", { work: workOf("one", "t") });
    want(driver, "b", { work: workOf("two") });
    want(driver, "c", { work: workOf("one") });
    driver.execute(lockKey, endWork, { work: workOf("two", "t") });
    assert.deepEqual([holding(driver), inLine(driver)], [["a"], ["b", "c"]]);
    driver.execute(lockKey, endWork, { work: workOf("one") });
    assert.deepEqual([holding(driver), inLine(driver)], [["b"], []]);
    const broken = (holder: string) => driver.execute(lockKey, breakHold, { holder, reason: "gone" });
    assert.deepEqual([broken("nobody"), broken("b")], [{ broken: false }, { broken: true }]);
    assert.deepEqual(holding(driver), []);
  });

  it("is not counted while the lock itself was away", () => {
    const driver = newDriver();
    want(driver, "a", { leaseMs: 1_000 });
    want(driver, "b", { waitMs: 0, leaseMs: 1_000 });
    want(driver, "c", { waitMs: 1_000 });
    const state = driver.state(lockKey, lock);
    const step = stepOn(state, driver.nowMs + 60_000);
    lock.expire?.(state, 1, step);
    assert.deepEqual(step.emitted, ["lock_spared"]);
    assert.equal(state.dueMs, step.nowMs + placeKeptMs);
    assert.deepEqual([state.holds.size, state.line.size], [1, 1]);
  });
});

describe("a place in the line", () => {
  it("is kept for ten seconds between two calls, and no longer", () => {
    const driver = newDriver();
    want(driver, "a", { leaseMs: 3_600_000 });
    want(driver, "b", { waitMs: 1_000 });
    driver.advance(1_000 + placeKeptMs - 1);
    assert.equal(want(driver, "b", { waitMs: 1_000 }), 0);
    driver.advance(500);
    driver.execute(lockKey, leaveLine, { holder: "b" });
    driver.advance(placeKeptMs - 1);
    assert.deepEqual(inLine(driver), ["b"]);
    driver.advance(1);
    assert.deepEqual(inLine(driver), []);
  });

  it("that is granted while no caller listens is held as long as its place would have been kept", () => {
    const driver = newDriver();
    want(driver, "a");
    want(driver, "b", { waitMs: 1_000 });
    driver.advance(3_000);
    giveBack(driver, "a");
    assert.deepEqual(holding(driver), ["b"]);
    driver.advance(8_000 - 1);
    assert.ok(Number(want(driver, "b")) > 0, "a repeated request has it for the whole lease");
    driver.advance(29_000);
    assert.deepEqual(holding(driver), ["b"]);
  });

  it("that gives way in a deadlock reports it to a repeated request", () => {
    const driver = newDriver();
    want(driver, "a");
    want(driver, "b");
    const ticket = driver.state(lockKey, lock).line.head?.ticket ?? 0;
    driver.execute(lockKey, giveWay, { ticket, message: "a waits for b waits for a" });
    driver.execute(lockKey, giveWay, { ticket, message: "again" });
    const answer = want(driver, "b");
    assert.equal(answer, "session.deadlock");
    driver.advance(placeKeptMs);
    assert.equal(want(driver, "b"), 0);
  });

  it("is worked off a thousand at a time, a millisecond apart", () => {
    const state = lock.create(lockKey);
    const step = stepOn(state, 1_767_225_600_000);
    acquire.decide(state, wish("first"), step);
    const count = changesPerStepMax + 50;
    for (let index = 0; index < count; index++)
      acquire.decide(state, wish(`s-${index}`, { shared: true }), step);
    release.decide(state, { holder: "first", token: 0 }, step);
    assert.deepEqual(
      [state.holds.size, state.line.size, state.dueMs],
      [changesPerStepMax, 50, step.nowMs + 1],
    );
    lock.expire?.(state, 1, { ...step, nowMs: step.nowMs + 1 });
    assert.deepEqual([state.holds.size, state.line.size], [count, 0]);
  });
});
