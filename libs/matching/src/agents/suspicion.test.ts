import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Suspicion } from "./suspicion.ts";

function after(...intervals: readonly number[]): Suspicion {
  const suspicion = new Suspicion();
  let nowMs = 1_000;
  suspicion.beat(nowMs);
  for (const interval of intervals) {
    nowMs += interval;
    suspicion.beat(nowMs);
  }
  return suspicion;
}

const even = Array.from({ length: 20 }, () => 5_000);

describe("a suspicion", () => {
  it("has no level before a rhythm is known", () => {
    assert.equal(after(5_000, 5_000).silenceMs(8), undefined);
    assert.equal(after(5_000, 5_000).level(60_000), undefined);
  });

  it("of an agent with even heartbeats is there after little more than two of them, and surer with each second", () => {
    const suspicion = after(...even);
    const silenceMs = suspicion.silenceMs(8) ?? 0;
    assert.ok(silenceMs > 10_000 && silenceMs < 13_000, `${silenceMs}`);
    assert.ok((suspicion.level(5_000) ?? 1) < 0.5);
    assert.ok((suspicion.level(20_000) ?? 0) > 20);
  });

  it("waits longer for uneven heartbeats", () => {
    const uneven = even.map((interval, at) => interval + (at % 2 === 0 ? 4_000 : -4_000));
    assert.ok((after(...uneven).silenceMs(8) ?? 0) > 1.7 * (after(...even).silenceMs(8) ?? 0));
  });

  it("does not count an explained pause as an interval", () => {
    const suspicion = after(...even);
    const before = suspicion.silenceMs(8);
    suspicion.pause();
    suspicion.beat(10_000_000);
    suspicion.beat(10_005_000);
    assert.equal(suspicion.silenceMs(8), before);
  });

  it("reaches a threshold exactly after the silence that it predicts", () => {
    const intervals = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 5, maxLength: 100 });
    fc.assert(
      fc.property(intervals, fc.double({ min: 0.5, max: 16, noNaN: true }), (all, threshold) => {
        const suspicion = after(...all);
        const silenceMs = suspicion.silenceMs(threshold) ?? Number.NaN;
        const level = suspicion.level(silenceMs) ?? Number.NaN;
        assert.ok(Math.abs(level - threshold) < 1e-6 * threshold, `${level} for ${threshold}`);
      }),
    );
  });
});
