import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Ends } from "./ends.ts";

describe("the ends of keys and tokens", () => {
  function made() {
    const time = new VirtualTime();
    const told: boolean[] = [];
    const ends: Ends = new Ends({
      ...{ clock: time, timers: time },
      ended: () => told.push(ends.hasEnded("first", time.now())),
    });
    return { time, told, ends, startMs: time.now() };
  }

  it("are reported when they have come, the soonest first, in any order of noting", () => {
    const { time, told, ends, startMs } = made();
    ends.note("second", startMs + 60_000);
    ends.note("first", startMs + 5_000);
    ends.note("never", Number.POSITIVE_INFINITY);
    time.advance(4_999);
    assert.deepEqual([told, ends.hasEnded("first", time.now())], [[], false]);
    time.advance(1_001);
    assert.deepEqual(told, [true]);
    assert.equal(ends.hasEnded("second", time.now()), false);
    time.advance(55_000);
    assert.equal(told.length, 2);
    assert.equal(ends.hasEnded("second", time.now()), true);
    time.advance(10_000_000);
    assert.equal(told.length, 2);
    assert.equal(ends.hasEnded("never", time.now()), false);
  });

  it("that lie close together are reported together, and none after it is stopped", () => {
    const { time, told, ends, startMs } = made();
    for (let at = 0; at < 100; at++) ends.note(`token-${at}`, startMs + 5_000 + at);
    time.advance(7_000);
    assert.equal(told.length, 1);
    ends.note("late", startMs + 60_000);
    ends.stop();
    time.advance(100_000);
    assert.equal(told.length, 1);
  });
});
