import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sleep } from "../ports/timers.ts";
import { VirtualTime } from "./virtual-time.ts";

describe("VirtualTime", () => {
  it("stands still until it is advanced, then moves both clocks by the same amount", () => {
    const time = new VirtualTime(1_000);
    assert.deepEqual([time.now(), time.monotonic()], [1_000, 0]);
    time.advance(250);
    assert.deepEqual([time.now(), time.monotonic()], [1_250, 250]);
  });

  it("runs callbacks by due time, in order of scheduling if equal, each at its own time", () => {
    const time = new VirtualTime();
    const ran: string[] = [];
    const record = (name: string) => () => ran.push(`${name}@${time.monotonic()}`);
    time.after(20, record("late"));
    time.after(10, record("first"));
    time.after(10, record("second"));
    time.after(0, record("at once"));
    time.advance(15);
    assert.deepEqual(ran, ["at once@0", "first@10", "second@10"]);
    assert.equal(time.pending, 1);
    assert.equal(time.nextDueMs, 20);
    assert.equal(time.monotonic(), 15);
  });

  it("runs callbacks that a callback schedules within the same advance", () => {
    const time = new VirtualTime();
    const ran: number[] = [];
    time.after(10, () => time.after(5, () => ran.push(time.monotonic())));
    time.advance(15);
    assert.deepEqual(ran, [15]);
  });

  it("repeats every period until cancelled, also from within the callback", () => {
    const time = new VirtualTime();
    const ran: number[] = [];
    const timer = time.every(10, () => {
      ran.push(time.monotonic());
      if (ran.length === 3) timer.cancel();
    });
    time.advance(1_000);
    assert.deepEqual(ran, [10, 20, 30]);
    assert.equal(time.pending, 0);
  });

  it("does not run a cancelled callback, and cancelling twice counts once", () => {
    const time = new VirtualTime();
    const timer = time.after(10, () => assert.fail("cancelled"));
    time.after(20, () => {});
    timer.cancel();
    timer.cancel();
    assert.equal(time.pending, 1);
    time.advance(10);
    assert.equal(time.pending, 1);
  });

  it("lets promises continue between callbacks when advanced asynchronously", async () => {
    const time = new VirtualTime();
    const received: number[] = [];
    const work = (async () => {
      for (let round = 0; round < 3; round++) {
        await sleep(time, 10);
        received.push(time.monotonic());
      }
    })();
    await time.advanceAsync(25);
    assert.deepEqual(received, [10, 20]);
    await time.advanceAsync(5);
    await work;
    assert.deepEqual(received, [10, 20, 30]);
  });

  it("settles a promise with the smallest advance, and fails if no timer is pending", async () => {
    const time = new VirtualTime();
    assert.equal(await time.settle(sleep(time, 60_000).then(() => "done")), "done");
    assert.equal(time.monotonic(), 60_000);
    await assert.rejects(time.settle(new Promise(() => {})), /no timer is pending/);
    await assert.rejects(time.settle(Promise.reject(new Error("refused"))), /refused/);
  });

  it("moves the wall clock without the monotonic clock", () => {
    const time = new VirtualTime(1_000);
    time.jumpWallClock(-500);
    assert.deepEqual([time.now(), time.monotonic()], [500, 0]);
  });

  it("runs due callbacks after a suspension, once each", () => {
    const time = new VirtualTime();
    const fired: number[] = [];
    time.every(10, () => fired.push(time.monotonic()));
    time.suspend(95);
    assert.deepEqual(fired, []);
    time.advance(10);
    assert.deepEqual(fired, [95, 105]);
  });

  it("refuses a period of zero and a delay that is not a number", () => {
    const time = new VirtualTime();
    assert.throws(() => time.every(0, () => {}), /expected a period above 0 ms, got 0/);
    assert.throws(() => time.after(Number.NaN, () => {}), /got NaN/);
  });

  it("agrees with a stable sort for any timers", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), (delays) => {
        const time = new VirtualTime();
        const ran: number[] = [];
        for (const [index, delay] of delays.entries()) time.after(delay, () => ran.push(index));
        time.advance(50);
        const expected = [...delays.keys()].sort((a, b) => (delays[a] ?? 0) - (delays[b] ?? 0));
        assert.deepEqual(ran, expected);
      }),
    );
  });
});
