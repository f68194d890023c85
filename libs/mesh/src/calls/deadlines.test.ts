import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import fc from "fast-check";
import { type Bucket, Deadlines, type Expiring } from "./deadlines.ts";

class Call implements Expiring {
  bucket: Bucket | undefined = undefined;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  expiredAtMs: number | undefined = undefined;
  readonly #time: VirtualTime;
  readonly #then: () => void;

  constructor(time: VirtualTime, then: () => void = () => {}) {
    this.#time = time;
    this.#then = then;
  }

  expire(): void {
    assert.equal(this.expiredAtMs, undefined, "expired twice");
    this.expiredAtMs = this.#time.monotonic();
    this.#then();
  }
}

describe("deadlines", () => {
  it("have a call once", () => {
    const time = new VirtualTime();
    const deadlines = new Deadlines(time, time);
    const call = new Call(time);
    deadlines.add(call, 10, 0);
    assert.throws(() => deadlines.add(call, 20, 0), /one deadline at a time/);
    deadlines.remove(call);
    deadlines.add(call, 20, 0);
    time.advance(30);
    assert.ok(call.expiredAtMs);
  });

  it("never expire early, and late by at most a 64th of the timeout", () => {
    const steps = fc.array(
      fc.record({
        timeoutMs: fc.integer({ min: 0, max: 100_000 }),
        advanceMs: fc.integer({ min: 0, max: 5_000 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 5 }), (input, removeEvery) => {
        const time = new VirtualTime();
        const deadlines = new Deadlines(time, time);
        const calls = input.map(({ timeoutMs, advanceMs }, index) => {
          const call = new Call(time);
          const deadlineMs = time.monotonic() + timeoutMs;
          deadlines.add(call, deadlineMs, time.monotonic());
          const removed = index % removeEvery === 0;
          if (removed) deadlines.remove(call);
          time.advance(advanceMs);
          return { call, deadlineMs, timeoutMs, removed };
        });
        time.advance(200_000);
        for (const { call, deadlineMs, timeoutMs, removed } of calls) {
          if (removed) {
            assert.equal(call.expiredAtMs, undefined);
            continue;
          }
          assert.ok(call.expiredAtMs !== undefined);
          assert.ok(call.expiredAtMs >= deadlineMs);
          assert.ok(call.expiredAtMs <= deadlineMs + timeoutMs / 64 + 1);
        }
        assert.equal(time.pending, 0, "no timer is left when no call is");
      }),
      { numRuns: 100 },
    );
  });

  it("expire for calls that are added while another deadline expires", () => {
    const time = new VirtualTime();
    const deadlines = new Deadlines(time, time);
    const second = new Call(time);
    const first = new Call(time, () => deadlines.add(second, time.monotonic() + 10, time.monotonic()));
    deadlines.add(first, 10, 0);
    time.advance(100);
    assert.deepEqual([first.expiredAtMs, second.expiredAtMs], [10, 20]);
  });

  it("of Infinity are never reached and cost no timer", () => {
    const time = new VirtualTime();
    const deadlines = new Deadlines(time, time);
    deadlines.add(new Call(time), Number.POSITIVE_INFINITY, 0);
    assert.equal(time.pending, 0);
  });

  it("share one timer", () => {
    const time = new VirtualTime();
    const deadlines = new Deadlines(time, time);
    for (let index = 0; index < 1_000; index++) deadlines.add(new Call(time), 1_000 + index, 0);
    assert.equal(time.pending, 1);
    deadlines.stop();
    assert.equal(time.pending, 0);
  });
});
