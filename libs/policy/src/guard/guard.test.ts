import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IdentityLimit } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { fromTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { type Admittance, CallLimits } from "./call-limits.ts";
import { Lockouts } from "./lockouts.ts";

const ada: Actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const bob: Actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "bob" };
const startMs = 1_767_225_600_000;
const unlimited = { calls: undefined, maxConcurrent: 0, maxStreams: 0, maxRequestBytes: 1_000 };
const limit = (parts: Parameters<typeof IdentityLimit.fromPartial>[0]) =>
  IdentityLimit.fromPartial({ namespace: "shop", ...parts });

function limited(...limits: IdentityLimit[]): CallLimits {
  const found = new CallLimits(unlimited);
  found.renew(limits);
  return found;
}

const outcome = (found: Admittance) => (found.kind === "refused" ? found.why : "admitted");

describe("limits of callers", () => {
  it("admit n calls at once, reject the next call with its time, and admit it then", () => {
    const limits = limited(limit({ calls: { count: 5, perMs: 1_000 } }));
    const found = Array.from({ length: 6 }, () => limits.admit("shop", ada, startMs));
    assert.deepEqual(
      found.map((admittance) => (admittance.kind === "admitted" ? admittance.remaining : admittance.why)),
      [4, 3, 2, 1, 0, "calls"],
    );
    const refused = found.at(-1);
    assert.ok(refused?.kind === "refused");
    assert.deepEqual([refused.limit, refused.retryAfterMs], [5, 200]);
    assert.equal(outcome(limits.admit("shop", ada, startMs + 199)), "calls");
    assert.equal(outcome(limits.admit("shop", ada, startMs + 200)), "admitted");
    assert.equal(outcome(limits.admit("shop", ada, startMs + 200)), "calls");
  });

  it("are each caller's own, in each namespace", () => {
    const limits = limited(
      limit({ calls: { count: 1, perMs: 1_000 } }),
      limit({ actor: bob, maxConcurrent: 2 }),
    );
    assert.equal(outcome(limits.admit("shop", ada, startMs)), "admitted");
    assert.equal(outcome(limits.admit("shop", ada, startMs)), "calls");
    for (let call = 0; call < 100; call++)
      assert.equal(outcome(limits.admit("bank", ada, startMs)), "admitted");
    // A caller's own limit replaces the common limit.
    assert.deepEqual(
      [1, 2, 3].map(() => outcome(limits.admit("shop", bob, startMs))),
      ["admitted", "admitted", "concurrent"],
    );
    limits.release("shop", bob);
    assert.equal(outcome(limits.admit("shop", bob, startMs)), "admitted");
    assert.equal(limits.limitOf("shop", bob).maxRequestBytes, 1_000);
  });

  it("count streams until they are closed, and a rejected stream costs nothing", () => {
    const limits = limited(limit({ maxStreams: 1, calls: { count: 3, perMs: 1_000 } }));
    assert.equal(outcome(limits.open("shop", ada, startMs)), "admitted");
    for (let turn = 0; turn < 9; turn++) assert.equal(outcome(limits.open("shop", ada, startMs)), "streams");
    limits.close("shop", ada);
    assert.equal(outcome(limits.open("shop", ada, startMs)), "admitted");
    assert.equal(outcome(limits.admit("shop", ada, startMs)), "admitted");
    assert.equal(outcome(limits.admit("shop", ada, startMs)), "calls");
  });

  it("never admit more in any period than the rate and one burst, and never reject a caller within the rate", () => {
    const arrivals = fc.array(fc.nat(300), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 20 }), fc.nat(10), (gaps, count, burst) => {
        const limits = limited(limit({ calls: { count, perMs: 1_000, burst } }));
        const passed: number[] = [];
        let nowMs = startMs;
        for (const gap of gaps) {
          nowMs += gap;
          if (limits.admit("shop", ada, nowMs).kind === "admitted") passed.push(nowMs);
        }
        const most = burst === 0 ? count : burst;
        for (const [first, fromMs] of passed.entries())
          for (const [last, toMs] of passed.entries())
            if (last >= first) assert.ok(last - first + 1 <= most + ((toMs - fromMs) * count) / 1_000 + 0.01);
        const even = limited(limit({ calls: { count, perMs: 1_000, burst } }));
        for (let call = 0; call < 100; call++)
          assert.equal(outcome(even.admit("shop", bob, startMs + (call * 1_000) / count)), "admitted");
      }),
    );
  });

  it("forget inactive callers", () => {
    const limits = limited(limit({ calls: { count: 10, perMs: 1_000 } }));
    for (let caller = 0; caller < 5_000; caller++) {
      const actor = { ...ada, id: `ada-${caller}` };
      limits.admit("shop", actor, startMs + caller * 10);
      limits.release("shop", actor);
    }
    assert.ok(limits.size < 2_100, String(limits.size));
  });
});

describe("lock-outs", () => {
  it("allow one attempt per second on a guessable secret while they are in force", () => {
    const lockouts = new Lockouts({ freeFailures: 1 });
    const waits = (afterMs: number) => lockouts.pace("a/gateway.key", startMs + afterMs);
    assert.deepEqual([waits(0), waits(0)], [0, 0]);
    for (let failure = 0; failure < 2; failure++) lockouts.failed(["a/gateway.key"], startMs);
    assert.deepEqual([waits(1), waits(2), waits(1_000), waits(1_001), waits(1_002)], [0, 999, 1, 0, 999]);
    assert.equal(lockouts.pace("b/gateway.key", startMs + 1), 0);
    assert.deepEqual([waits(10_000), waits(10_000)], [0, 0]);
  });

  it("start after a few failures, and each lasts twice as long as the one before, up to the maximum", () => {
    const lockouts = new Lockouts();
    let nowMs = startMs;
    const durations: number[] = [];
    for (let guess = 0; guess < 18; guess++) {
      const [found] = lockouts.failed(["address"], nowMs);
      const untilMs = lockouts.lockedUntil(["other", "address"], nowMs);
      assert.equal(found === undefined, untilMs === undefined);
      if (found?.endTime !== undefined) assert.equal(fromTimestamp(found.endTime), untilMs);
      durations.push(untilMs === undefined ? 0 : untilMs - nowMs);
      nowMs = untilMs ?? nowMs + 1;
      assert.equal(lockouts.lockedUntil(["address"], nowMs), undefined);
    }
    assert.deepEqual(durations.slice(0, 8), [0, 0, 0, 0, 0, 10_000, 20_000, 40_000]);
    assert.equal(durations.at(-1), 3_600_000);
  });

  it("are reported once, and further attempts during a lock-out do not extend it", () => {
    const lockouts = new Lockouts({ freeFailures: 0 });
    assert.equal(lockouts.failed(["a", "b"], startMs).length, 2);
    for (let guess = 0; guess < 50; guess++) assert.deepEqual(lockouts.failed(["a"], startMs + 1), []);
    assert.equal(lockouts.lockedUntil(["a"], startMs + 1), startMs + 10_000);
    assert.deepEqual(
      lockouts.list(startMs + 1).map(({ subject, failures }) => [subject, failures]),
      [
        ["a", 51],
        ["b", 1],
      ],
    );
  });

  it("end when a person lifts them, when the secret was right, or after a quiet time", () => {
    const lockouts = new Lockouts({ freeFailures: 1, longestMs: 20_000 });
    const lock = (subject: string) => [0, 1].map(() => lockouts.failed([subject], startMs));
    lock("lifted");
    assert.equal(lockouts.lift("lifted", startMs), true);
    assert.equal(lockouts.lift("lifted", startMs), false);
    assert.deepEqual(lockouts.failed(["lifted"], startMs), []);
    lock("right");
    lockouts.succeeded(["right"]);
    assert.deepEqual(lockouts.failed(["right"], startMs), []);
    lock("quiet");
    assert.deepEqual(lockouts.failed(["quiet"], startMs + 30_001), []);
    lock("loud");
    assert.equal(lockouts.failed(["loud"], startMs + 29_999).length, 1);
  });

  it("are adopted from other processes, and end when they are lifted there", () => {
    const [first, second] = [new Lockouts({ freeFailures: 0 }), new Lockouts()];
    const found = first.failed(["guesser"], startMs);
    second.adopt(found, [], startMs + 1);
    assert.equal(second.lockedUntil(["guesser"], startMs + 1), startMs + 10_000);
    // The next failure continues the count from there.
    assert.equal(second.failed(["guesser"], startMs + 10_000).length, 0);
    second.adopt(found, found, startMs + 2);
    assert.equal(second.lockedUntil(["guesser"], startMs + 2), startMs + 10_000);
    second.adopt([], found, startMs + 3);
    assert.equal(second.lockedUntil(["guesser"], startMs + 3), undefined);
  });

  it("that expired do not count as lifted: their failures are remembered", () => {
    const lockouts = new Lockouts({ freeFailures: 0 });
    const found = lockouts.failed(["guesser"], startMs);
    lockouts.adopt([], found, startMs + 10_000);
    const [next] = lockouts.failed(["guesser"], startMs + 10_000);
    assert.equal(next?.failures, 2);
  });

  it("remain while other callers flood", () => {
    const lockouts = new Lockouts({ freeFailures: 1, subjectsMax: 100 });
    for (let guess = 0; guess < 2; guess++) lockouts.failed(["guesser"], startMs);
    for (let other = 0; other < 10_000; other++) lockouts.failed([`other-${other}`], startMs + 1);
    assert.equal(lockouts.lockedUntil(["guesser"], startMs + 1), startMs + 10_000);
  });
});
