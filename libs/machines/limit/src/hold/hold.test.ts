import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { acquire, evict, leaseDefaultMs, limit, renew, ticketsPerRenewalMax } from "../index.ts";
import {
  acquireAll,
  codeOf,
  giveBack,
  heard,
  holding,
  inLine,
  limited,
  newDriver,
  wish,
} from "../limit.fixture.ts";
import { holderKey, holderOf, limitKey, want } from "../testing/index.ts";
import { leasesRenewed, limitTaken } from "./events.ts";

describe("a limit on how many hold it at once", () => {
  it("is given to as many as it allows, and to the next when one gives it back", () => {
    const driver = limited(2);
    assert.deepEqual(acquireAll(driver, "a", "b", "c", "d"), ["a", "b"]);
    giveBack(driver, "a");
    assert.deepEqual(holding(driver), ["b", "c"]);
    assert.deepEqual(inLine(driver), ["d"]);
    assert.equal(heard(driver, "c"), "held 3");
    assert.equal(heard(driver, "d"), "nothing");
  });

  it("is one wish, however often the same holder says it", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b");
    const { length } = driver.history(limitKey);
    assert.deepEqual(driver.execute(limitKey, acquire, wish("a")), { ticket: 1, granted: true });
    assert.deepEqual(driver.execute(limitKey, acquire, wish("b")), { ticket: 2, granted: false });
    assert.equal(driver.history(limitKey).length, length);
    assert.equal(heard(driver, "a"), "held 1");
  });

  it("is not given back by a message about an earlier grant", () => {
    const driver = limited(1);
    acquireAll(driver, "a");
    giveBack(driver, "a", 7);
    assert.deepEqual(holding(driver), ["a"]);
    giveBack(driver, "a", 1);
    assert.deepEqual(holding(driver), []);
  });

  it("goes by letter there and back, when holders are machines", () => {
    const driver = limited(1);
    driver.execute(holderKey("a"), want, wish("a"));
    driver.execute(holderKey("b"), want, wish("b"));
    assert.deepEqual([heard(driver, "a"), heard(driver, "b")], ["held 1", "wanted"]);
  });

  it("grants a weight above the limit when nothing else is held, and nothing overtakes it", () => {
    const driver = limited(3);
    acquireAll(driver, "a");
    driver.execute(limitKey, acquire, wish("heavy", { weight: 5 }));
    assert.deepEqual(acquireAll(driver, "c"), ["a"]);
    giveBack(driver, "a");
    assert.deepEqual(holding(driver), ["heavy"]);
    giveBack(driver, "heavy");
    assert.deepEqual(holding(driver), ["c"]);
  });

  it("grants those behind when one that was too heavy gives up", () => {
    const driver = limited(2);
    acquireAll(driver, "a");
    driver.execute(limitKey, acquire, wish("heavy", { weight: 2 }));
    acquireAll(driver, "c");
    giveBack(driver, "heavy");
    assert.deepEqual(holding(driver), ["a", "c"]);
  });
});

describe("a lease", () => {
  it("that is not renewed goes to the next, and its holder hears of it", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b");
    driver.advance(leaseDefaultMs - 1);
    assert.deepEqual(holding(driver), ["a"]);
    driver.advance(1);
    assert.deepEqual(holding(driver), ["b"]);
    assert.equal(heard(driver, "a"), "limit.lease_expired");
  });

  it("is renewed with all others of a partition at once, and lost holds are named", () => {
    const driver = limited(0);
    acquireAll(driver, "a", "b", "c");
    driver.advance(50_000);
    assert.deepEqual(driver.execute(limitKey, renew, { tickets: [1, 3, 9], leaseMs: 0 }), { lost: [9] });
    driver.advance(10_000);
    assert.deepEqual(holding(driver), ["a", "c"]);
    driver.advance(50_000);
    assert.deepEqual(holding(driver), []);
    assert.equal(driver.nextDueMs, undefined);
  });

  it("lasts for another while when the limit itself was away and could not be renewed", () => {
    const driver = newDriver();
    const lost = driver.nowMs - 3_600_000;
    const taken = { weight: 1, grantMs: lost - 1_000, leaseDueMs: lost, leaseMs: 1_000 };
    driver.append(limitKey, limitTaken, { ticket: 1, holder: holderOf("a"), ...taken });
    driver.append(limitKey, limitTaken, { ticket: 2, holder: holderOf("b"), ...taken });
    driver.append(limitKey, leasesRenewed, { tickets: [2], dueMs: lost + 5_000 });
    driver.advance(0);
    assert.deepEqual(holding(driver), ["a", "b"]);
    driver.execute(limitKey, renew, { tickets: [2], leaseMs: 120_000 });
    driver.advance(leaseDefaultMs + 1_000);
    assert.deepEqual(holding(driver), ["b"]);
  });

  it("may be as long as requested, within bounds, and too many at once are refused", () => {
    const driver = limited(1);
    driver.execute(limitKey, acquire, wish("a", { leaseMs: 3_600_000 }));
    driver.advance(3_599_999);
    assert.deepEqual(holding(driver), ["a"]);
    const many = Array.from({ length: ticketsPerRenewalMax + 1 }, (_, index) => index + 1);
    for (const [tickets, leaseMs] of [
      [[1], 999],
      [[1], Number.NaN],
      [many, 0],
    ] as const)
      assert.equal(
        codeOf(driver.execute(limitKey, renew, { tickets: [...tickets], leaseMs })),
        "limit.wish_invalid",
      );
  });

  it("is taken away by hand, from one that holds and from one that waits", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b", "c");
    for (const id of ["a", "c", "nobody"]) {
      const answer = driver.execute(limitKey, evict, { holder: holderOf(id), reason: "host is gone" });
      assert.deepEqual(answer, { evicted: id !== "nobody" });
    }
    assert.deepEqual(holding(driver), ["b"]);
    assert.deepEqual([heard(driver, "a"), heard(driver, "c")], ["limit.evicted", "limit.evicted"]);
  });
});

describe("a wish", () => {
  for (const [what, given] of [
    ["for half of something", { weight: 0.5 }],
    ["for less than nothing", { weight: -1 }],
    ["for too much", { weight: 1e9 }],
    ["with a share of no weight", { shareWeight: -1 }],
    ["with an endless name of a share", { share: "x".repeat(501) }],
    ["with no deadline at all", { deadlineMs: Number.NaN }],
    ["with a lease of a second and a half day", { leaseMs: 1e9 }],
    [
      "with a rule that makes no sense",
      { rule: { maxConcurrent: 1, rate: { count: 0, perMs: 1, burst: 0 } } },
    ],
  ] as const)
    it(`${what} is declined by letter`, () => {
      const driver = limited(1);
      assert.deepEqual(driver.execute(limitKey, acquire, wish("a", given)), { ticket: 0, granted: false });
      assert.equal(heard(driver, "a"), "limit.wish_invalid");
    });

  it("without a holder is refused: no letter would arrive", () => {
    const driver = limited(1);
    for (const holder of [undefined, holderOf(""), holderOf("a/b"), holderOf("a", "x".repeat(501))])
      assert.equal(codeOf(driver.execute(limitKey, acquire, { ...wish("a"), holder })), "limit.wish_invalid");
  });

  it("with a deadline waits until then", () => {
    const driver = limited(1);
    acquireAll(driver, "a");
    driver.execute(limitKey, acquire, wish("b", { deadlineMs: driver.nowMs + 500 }));
    driver.execute(limitKey, acquire, wish("late", { deadlineMs: driver.nowMs }));
    assert.equal(heard(driver, "late"), "limit.deadline_passed");
    driver.advance(499);
    assert.deepEqual(inLine(driver), ["b"]);
    driver.advance(1);
    assert.deepEqual(inLine(driver), []);
    assert.equal(heard(driver, "b"), "limit.deadline_passed");
  });

  it("brings its own limit along where none is set, and the latest one counts", () => {
    const driver = newDriver();
    const rule = (maxConcurrent: number) => ({ maxConcurrent, rate: undefined });
    driver.execute(limitKey, acquire, wish("a", { rule: rule(1) }));
    driver.execute(limitKey, acquire, wish("b", { rule: rule(1) }));
    assert.deepEqual(holding(driver), ["a"]);
    driver.execute(limitKey, acquire, wish("c", { rule: rule(2) }));
    assert.deepEqual(holding(driver), ["a", "b"]);
    const state = driver.state(limitKey, limit);
    assert.equal(state.set, undefined);
    assert.equal(state.line.size, 1);
  });

  it("for a key without a limit is granted and counted", () => {
    const driver = newDriver();
    assert.deepEqual(acquireAll(driver, "a", "b"), ["a", "b"]);
    assert.ok(!isRefusal(driver.execute(limitKey, acquire, wish("c"))));
  });
});
