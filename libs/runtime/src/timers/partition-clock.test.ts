import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PartitionClock } from "./partition-clock.ts";

/** A wall clock that can be set, and a monotonic clock. */
class Clocks {
  wallMs = 1_000_000;
  passedMs = 0;
  now(): number {
    return this.wallMs;
  }
  monotonic(): number {
    return this.passedMs;
  }
  pass(ms: number): void {
    this.wallMs += ms;
    this.passedMs += ms;
  }
}

describe("the clock of a partition", () => {
  it("follows the wall clock", () => {
    const clocks = new Clocks();
    const clock = new PartitionClock(clocks, 0);
    assert.equal(clock.now(), 1_000_000);
    clocks.pass(250);
    assert.equal(clock.now(), 1_000_250);
    clocks.wallMs += 10_000;
    assert.equal(clock.now(), 1_010_250);
  });

  it("continues at its own pace when the wall clock is set back", () => {
    const clocks = new Clocks();
    const clock = new PartitionClock(clocks, 0);
    clock.now();
    clocks.wallMs -= 500_000;
    clocks.pass(250);
    assert.equal(clock.now(), 1_000_250);
  });

  it("continues from the last batch when an owner before was ahead", () => {
    const clocks = new Clocks();
    const clock = new PartitionClock(clocks, 2_000_000);
    assert.equal(clock.now(), 2_000_000);
    clocks.pass(10);
    assert.equal(clock.now(), 2_000_010);
  });

  it("loses no part of a millisecond, however often it is read", () => {
    const clocks = new Clocks();
    const clock = new PartitionClock(clocks, 2_000_000);
    for (let count = 0; count < 1_000; count++) {
      clocks.pass(0.25);
      clock.now();
    }
    assert.equal(clock.now(), 2_000_250);
  });

  it("never runs backwards, returns whole milliseconds, and is never behind the wall clock", () => {
    const jump = fc.record({
      passMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
      jumpMs: fc.integer({ min: -100_000, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(jump, { maxLength: 50 }), (jumps) => {
        const clocks = new Clocks();
        const clock = new PartitionClock(clocks, 1_050_000);
        let before = clock.now();
        for (const { passMs, jumpMs } of jumps) {
          clocks.pass(passMs);
          clocks.wallMs += jumpMs;
          const now = clock.now();
          assert.ok(now >= before && Number.isInteger(now) && now >= Math.floor(clocks.wallMs));
          before = now;
        }
      }),
      { seed: 2 },
    );
  });
});
