import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Estimates } from "./estimates.ts";
import { Spread } from "./spread.ts";

const of = (capability: string, agentId = "", inputBytes = 0) => ({ capability, agentId, inputBytes });
const assertNear = (actual: number | undefined, expected: number, share: number) =>
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= share * expected,
    `${actual} is not within ${100 * share} % of ${expected}`,
  );

/** Reproducible random numbers: uniform in 0 to 1. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Normally distributed around 0 with a deviation of 1. */
function bell(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

for (const model of ["additive", "middle"] as const)
  describe(`estimates by ${model}`, () => {
    const opened = () => new Estimates(undefined, () => model);

    it("are undefined before the first attempt", () => {
      const estimates = opened();
      assert.equal(estimates.estimate(of("a")), undefined);
      assert.equal(estimates.quantileMs(of("a"), 0.5), undefined);
      assert.equal(estimates.slowness("nobody"), 1);
    });

    it("have quantiles that cover the next values, even after few attempts", () => {
      const next = chance(9);
      const covered = new Map<number, number[]>();
      for (let kind = 0; kind < 400; kind++) {
        const estimates = opened();
        for (let seen = 0; seen < 40; seen++) {
          const runMs = 200 * Math.exp(0.6 * bell(next));
          const high = estimates.quantileMs(of("a"), 0.9);
          if (high !== undefined) covered.set(seen, [...(covered.get(seen) ?? []), runMs <= high ? 1 : 0]);
          estimates.learn(of("a"), runMs);
        }
      }
      const shareOf = (from: number, to: number) => {
        const all = [...covered].flatMap(([seen, those]) => (seen >= from && seen <= to ? those : []));
        return all.reduce((sum, each) => sum + each, 0) / all.length;
      };
      for (const [from, to] of [
        [1, 2],
        [3, 5],
        [6, 10],
        [11, 40],
      ] as const) {
        const share = shareOf(from, to);
        assert.ok(share > 0.85 && share < 0.96, `after ${from} to ${to} attempts ${share} of them`);
      }
    });

    it("that are forked know what was known, and leave it was", () => {
      const estimates = opened();
      const alone = opened();
      for (let round = 0; round < 20; round++)
        for (const each of [estimates, alone]) each.learn(of("a", "x", round), 100 + round);
      const before = estimates.estimate(of("a", "x"));
      const fork = estimates.fork();
      assert.deepEqual(fork.estimate(of("a", "x")), before);
      for (let round = 0; round < 20; round++)
        for (const each of [fork, alone]) each.learn(of("a", "x", round), 1_000 + round);
      assert.deepEqual(fork.estimate(of("a", "x")), alone.estimate(of("a", "x")));
      assert.equal(fork.quantileMs(of("a", "x"), 0.9), alone.quantileMs(of("a", "x"), 0.9));
      assert.deepEqual([fork.drift("a"), fork.slowness("x")], [alone.drift("a"), alone.slowness("x")]);
      assert.deepEqual(estimates.estimate(of("a", "x")), before);
      estimates.learn(of("b"), 7);
      assert.equal(fork.estimate(of("b"))?.basis, "b");
    });

    it("use a first attempt as the estimate of the capability, with low confidence", () => {
      const estimates = opened();
      estimates.learn(of("a", "x"), 200);
      const first = estimates.estimate(of("a", "y"));
      assertNear(first?.meanMs, 200, 0.2);
      for (let attempt = 0; attempt < 50; attempt++) estimates.learn(of("a", "x"), 200);
      assert.ok((estimates.estimate(of("a", "x"))?.confidence ?? 0) > (first?.confidence ?? 1));
    });

    it("know an agent of half the speed after twenty attempts, also for new capabilities", () => {
      const estimates = opened();
      const next = chance(7);
      for (let attempt = 0; attempt < 20; attempt++) {
        for (const [agent, factor] of [
          ["one", 1],
          ["two", 1],
          ["slow", 2],
        ] as const)
          estimates.learn(of("resize", agent), 100 * factor * Math.exp(0.1 * bell(next)));
        estimates.learn(of("crop", "one"), 10 * Math.exp(0.1 * bell(next)));
        estimates.learn(of("crop", "two"), 10 * Math.exp(0.1 * bell(next)));
      }
      assertNear(estimates.estimate(of("resize", "slow"))?.meanMs, 200, 0.15);
      assertNear(estimates.estimate(of("resize", "one"))?.meanMs, 100, 0.15);
      assert.ok(estimates.slowness("slow") / estimates.slowness("one") > 1.4);
      const crop = estimates.estimate(of("crop", "slow"));
      assert.ok((crop?.meanMs ?? 0) > 13, `${crop?.meanMs} ms`);
      assert.ok((crop?.confidence ?? 1) < (estimates.estimate(of("crop", "one"))?.confidence ?? 0));
    });

    it("notice that an agent has become slow", () => {
      const estimates = opened();
      for (let attempt = 0; attempt < 200; attempt++)
        for (const agent of ["a", "b"]) estimates.learn(of("x", agent), 50);
      for (let attempt = 0; attempt < 25; attempt++) estimates.learn(of("x", "b"), 150);
      assert.ok((estimates.estimate(of("x", "b"))?.meanMs ?? 0) > 110);
    });

    it("use the wider kind for a new kind, and follow its first attempt", () => {
      const estimates = opened();
      const run = (number: number, runMs: number) =>
        estimates.learn(
          { capability: `${number}/a`, within: ["a", "any"], agentId: "", inputBytes: 0 },
          runMs,
        );
      for (let number = 0; number < 30; number++) run(number, 100);
      const next = { capability: "30/a", within: ["a", "any"], agentId: "", inputBytes: 0 };
      const before = estimates.estimate(next);
      assertNear(before?.medianMs, 100, 0.05);
      assert.equal(before?.basis, "a");
      assert.equal(estimates.estimate({ ...next, capability: "b", within: ["b", "any"] })?.basis, "any");
      // Entirely different durations: the first attempt counts alone.
      run(30, 10_000);
      const after = estimates.estimate(next);
      assertNear(after?.medianMs, 10_000, 0.05);
      assert.equal(after?.basis, "30/a");
    });

    it("trust the declared speed of an agent until its attempts contradict it", () => {
      const estimates = opened();
      for (let attempt = 0; attempt < 50; attempt++) estimates.learn(of("x", "a"), 100);
      estimates.declare("quick", estimates.slowness("a") / 2);
      assertNear(estimates.estimate(of("x", "quick"))?.medianMs, 50, 0.1);
      for (let attempt = 0; attempt < 60; attempt++) estimates.learn(of("x", "quick"), 200);
      assert.ok((estimates.estimate(of("x", "quick"))?.medianMs ?? 0) > 150);
    });

    it("report a drift with its factor, and its end after the estimates have adapted", () => {
      const estimates = opened();
      const next = chance(5);
      const learn = (usual: number, times: number) => {
        for (let attempt = 0; attempt < times; attempt++)
          estimates.learn(of("x", "a"), usual * Math.exp(0.2 * bell(next)));
        return estimates.drift("x");
      };
      assert.equal(learn(100, 500), undefined);
      assertNear(learn(300, 6)?.factor, 3, 0.3);
      assert.equal(learn(300, 500), undefined);
      assert.ok((learn(100, 10)?.factor ?? 1) < 0.6);
    });

    it("rarely mistake chance for a drift", () => {
      let found = 0;
      for (let seed = 0; seed < 20; seed++) {
        const estimates = opened();
        const next = chance(100 + seed);
        for (let attempt = 0; attempt < 500; attempt++) {
          estimates.learn(of("x", "a"), 100 * Math.exp(0.3 * bell(next)));
          if (estimates.drift("x") !== undefined) found++;
        }
      }
      assert.ok(found <= 100, `${found} of 10,000 attempts`);
    });

    it("learn how the time grows with the input", () => {
      const estimates = opened();
      const next = chance(3);
      for (let attempt = 0; attempt < 300; attempt++) {
        const bytes = 1_000 * 100 ** next();
        estimates.learn(of("parse", "a", bytes), bytes / 100);
      }
      assertNear(estimates.quantileMs(of("parse", "a", 2_000), 0.5), 20, 0.25);
      assertNear(estimates.quantileMs(of("parse", "a", 50_000), 0.5), 500, 0.25);
    });

    it("know the quantiles of times that spread unevenly", () => {
      const estimates = opened();
      const next = chance(11);
      // One in ten takes ten times as long.
      for (let attempt = 0; attempt < 2_000; attempt++)
        estimates.learn(of("q", "a"), next() < 0.1 ? 1_000 : 100);
      assertNear(estimates.quantileMs(of("q", "a"), 0.5), 100, 0.25);
      assertNear(estimates.quantileMs(of("q", "a"), 0.97), 1_000, 0.25);
    });

    it("count failures apart from durations, by agent if there are enough attempts", () => {
      const estimates = opened();
      for (let attempt = 0; attempt < 100; attempt++) {
        estimates.learn(of("f", "good"), 10);
        if (attempt % 2 === 0) estimates.learn(of("f", "bad"), 10);
        else estimates.learnFailure(of("f", "bad"));
      }
      assert.ok((estimates.estimate(of("f", "good"))?.failureProbability ?? 1) < 0.06);
      assertNear(estimates.estimate(of("f", "bad"))?.failureProbability, 0.47, 0.15);
      assertNear(estimates.estimate(of("f", "bad"))?.meanMs, 10, 0.1);
    });

    it("forget the kinds that were absent longest above the limit", () => {
      const estimates = new Estimates({ capabilitiesMax: 2, agentsMax: 2, pairsMax: 2 });
      for (const capability of ["a", "b", "c"]) estimates.learn(of(capability, capability), 10);
      assert.equal(estimates.estimate(of("a")), undefined);
      assert.notEqual(estimates.estimate(of("c")), undefined);
    });

    it("are finite and positive after any values", () => {
      const attempt = fc.record({
        capability: fc.constantFrom("a", "b"),
        agentId: fc.constantFrom("", "x", "y"),
        inputBytes: fc.double({ min: 0, max: 1e12, noNaN: true }),
        runMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
      });
      fc.assert(
        fc.property(fc.array(attempt, { minLength: 1, maxLength: 60 }), (attempts) => {
          const estimates = opened();
          for (const { runMs, ...subject } of attempts) estimates.learn(subject, runMs);
          for (const subject of attempts) {
            const { meanMs = -1, confidence = -1 } = estimates.estimate(subject) ?? {};
            assert.ok(Number.isFinite(meanMs) && meanMs > 0 && confidence >= 0 && confidence <= 1);
            const [low = -1, high = -1] = [0.1, 0.9].map((share) => estimates.quantileMs(subject, share));
            assert.ok(low > 0 && low <= high && Number.isFinite(high));
          }
        }),
        { numRuns: 1_000 },
      );
    });

    it("stay positive and finite for an attempt of a century, one of zero duration, and a terabyte of input", () => {
      const estimates = opened();
      estimates.learn(of("a"), 94_487_256_256);
      estimates.learn(of("a", "", 1e12), 0);
      for (const agent of ["x", "x", "y", "x"]) estimates.learn(of("a", agent), 0);
      const { meanMs = 0 } = estimates.estimate(of("a", "", 1e12)) ?? {};
      assert.ok(meanMs > 0 && Number.isFinite(meanMs), `${meanMs}`);
    });
  });

describe("a spread", () => {
  it("returns quantiles within the width of a bucket, for any values", () => {
    const values = fc.array(fc.double({ min: -5.9, max: 5.9, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (all, share) => {
        const spread = new Spread();
        for (const value of all) spread.add(value);
        const quantile = spread.quantile(share);
        const sorted = all.toSorted((one, other) => one - other);
        // Old values count a little less, so the position may differ by one.
        const at = share * sorted.length;
        const low = sorted[Math.max(0, Math.floor(at * 0.85) - 1)] ?? 0;
        const high = sorted[Math.min(sorted.length - 1, Math.ceil(at * 1.15))] ?? 0;
        assert.ok(quantile >= low - 0.06 && quantile <= high + 0.06, `${low} <= ${quantile} <= ${high}`);
      }),
    );
  });

  it("forgets slowly, and continues after millions of values", () => {
    const spread = new Spread();
    for (let at = 0; at < 20_000; at++) spread.add(-1);
    for (let at = 0; at < 1_500; at++) spread.add(1);
    assert.ok(spread.quantile(0.1) > 0.9);
    assert.ok(spread.samples < 420, `${spread.samples}`);
  });
});
