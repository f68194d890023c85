import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { acquire, evict, leaseDefaultMs, limit, renew, ticketsPerRenewalMax } from "../index.ts";
import {
  acquireAll,
  acquireBody,
  codeOf,
  holding,
  inLine,
  lastMessage,
  limited,
  newDriver,
  releaseAs,
} from "../limit.fixture.ts";
import { holderKey, holderOf, limitKey, requestLimit } from "../testing/index.ts";
import { leasesRenewed, limitTaken } from "./events.ts";

describe("a limit on concurrency", () => {
  it("is granted up to its maximum, and to the next holder when one releases it", () => {
    const driver = limited(2);
    assert.deepEqual(acquireAll(driver, "a", "b", "c", "d"), ["a", "b"]);
    releaseAs(driver, "a");
    assert.deepEqual(holding(driver), ["b", "c"]);
    assert.deepEqual(inLine(driver), ["d"]);
    assert.equal(lastMessage(driver, "c"), "held 3");
    assert.equal(lastMessage(driver, "d"), "nothing");
  });

  it("treats repeated requests of one holder as one", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b");
    const { length } = driver.history(limitKey);
    assert.deepEqual(driver.execute(limitKey, acquire, acquireBody("a")), { ticket: 1, granted: true });
    assert.deepEqual(driver.execute(limitKey, acquire, acquireBody("b")), { ticket: 2, granted: false });
    assert.equal(driver.history(limitKey).length, length);
    assert.equal(lastMessage(driver, "a"), "held 1");
  });

  it("is not released by a message about an earlier grant", () => {
    const driver = limited(1);
    acquireAll(driver, "a");
    releaseAs(driver, "a", 7);
    assert.deepEqual(holding(driver), ["a"]);
    releaseAs(driver, "a", 1);
    assert.deepEqual(holding(driver), []);
  });

  it("grants and is released by messages if holders are machines", () => {
    const driver = limited(1);
    driver.execute(holderKey("a"), requestLimit, acquireBody("a"));
    driver.execute(holderKey("b"), requestLimit, acquireBody("b"));
    assert.deepEqual([lastMessage(driver, "a"), lastMessage(driver, "b")], ["held 1", "wanted"]);
  });

  it("grants a weight above the limit when nothing else is held, and no later request passes it", () => {
    const driver = limited(3);
    acquireAll(driver, "a");
    driver.execute(limitKey, acquire, acquireBody("heavy", { weight: 5 }));
    assert.deepEqual(acquireAll(driver, "c"), ["a"]);
    releaseAs(driver, "a");
    assert.deepEqual(holding(driver), ["heavy"]);
    releaseAs(driver, "heavy");
    assert.deepEqual(holding(driver), ["c"]);
  });

  it("grants later requests when one that was too heavy gives up", () => {
    const driver = limited(2);
    acquireAll(driver, "a");
    driver.execute(limitKey, acquire, acquireBody("heavy", { weight: 2 }));
    acquireAll(driver, "c");
    releaseAs(driver, "heavy");
    assert.deepEqual(holding(driver), ["a", "c"]);
  });
});

describe("a lease", () => {
  it("that is not renewed passes to the next holder, and the old holder is notified", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b");
    driver.advance(leaseDefaultMs - 1);
    assert.deepEqual(holding(driver), ["a"]);
    driver.advance(1);
    assert.deepEqual(holding(driver), ["b"]);
    assert.equal(lastMessage(driver, "a"), "limit.lease_expired");
  });

  it("is renewed together with others of a partition, and lost holds are reported", () => {
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

  it("is extended if the limit itself was unavailable and could not be renewed", () => {
    const driver = newDriver();
    const lost = driver.nowMs - 3_600_000;
    const grant = { weight: 1, grantMs: lost - 1_000, leaseDueMs: lost, leaseMs: 1_000 };
    driver.append(limitKey, limitTaken, { ticket: 1, holder: holderOf("a"), ...grant });
    driver.append(limitKey, limitTaken, { ticket: 2, holder: holderOf("b"), ...grant });
    driver.append(limitKey, leasesRenewed, { tickets: [2], dueMs: lost + 5_000 });
    driver.advance(0);
    assert.deepEqual(holding(driver), ["a", "b"]);
    driver.execute(limitKey, renew, { tickets: [2], leaseMs: 120_000 });
    driver.advance(leaseDefaultMs + 1_000);
    assert.deepEqual(holding(driver), ["b"]);
  });

  it("may be as long as requested, within bounds, and too many at once are refused", () => {
    const driver = limited(1);
    driver.execute(limitKey, acquire, acquireBody("a", { leaseMs: 3_600_000 }));
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

  it("can be revoked by a user, from a holder and from a waiting holder", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b", "c");
    for (const id of ["a", "c", "nobody"]) {
      const answer = driver.execute(limitKey, evict, { holder: holderOf(id), reason: "host is gone" });
      assert.deepEqual(answer, { evicted: id !== "nobody" });
    }
    assert.deepEqual(holding(driver), ["b"]);
    assert.deepEqual(
      [lastMessage(driver, "a"), lastMessage(driver, "c")],
      ["limit.evicted", "limit.evicted"],
    );
  });
});

describe("a request", () => {
  for (const [title, fields] of [
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
    it(`${title} is declined by message`, () => {
      const driver = limited(1);
      assert.deepEqual(driver.execute(limitKey, acquire, acquireBody("a", fields)), {
        ticket: 0,
        granted: false,
      });
      assert.equal(lastMessage(driver, "a"), "limit.wish_invalid");
    });

  it("without a holder is refused, because no message would arrive", () => {
    const driver = limited(1);
    for (const holder of [undefined, holderOf(""), holderOf("a/b"), holderOf("a", "x".repeat(501))])
      assert.equal(
        codeOf(driver.execute(limitKey, acquire, { ...acquireBody("a"), holder })),
        "limit.wish_invalid",
      );
  });

  it("with a deadline waits until then", () => {
    const driver = limited(1);
    acquireAll(driver, "a");
    driver.execute(limitKey, acquire, acquireBody("b", { deadlineMs: driver.nowMs + 500 }));
    driver.execute(limitKey, acquire, acquireBody("late", { deadlineMs: driver.nowMs }));
    assert.equal(lastMessage(driver, "late"), "limit.deadline_passed");
    driver.advance(499);
    assert.deepEqual(inLine(driver), ["b"]);
    driver.advance(1);
    assert.deepEqual(inLine(driver), []);
    assert.equal(lastMessage(driver, "b"), "limit.deadline_passed");
  });

  it("includes its own limit if none is set, and the latest one applies", () => {
    const driver = newDriver();
    const rule = (maxConcurrent: number) => ({ maxConcurrent, rate: undefined });
    driver.execute(limitKey, acquire, acquireBody("a", { rule: rule(1) }));
    driver.execute(limitKey, acquire, acquireBody("b", { rule: rule(1) }));
    assert.deepEqual(holding(driver), ["a"]);
    driver.execute(limitKey, acquire, acquireBody("c", { rule: rule(2) }));
    assert.deepEqual(holding(driver), ["a", "b"]);
    const state = driver.state(limitKey, limit);
    assert.equal(state.set, undefined);
    assert.equal(state.line.size, 1);
  });

  it("for a key without a limit is granted and counted", () => {
    const driver = newDriver();
    assert.deepEqual(acquireAll(driver, "a", "b"), ["a", "b"]);
    assert.ok(!isRefusal(driver.execute(limitKey, acquire, acquireBody("c"))));
  });
});
