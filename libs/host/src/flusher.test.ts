import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Flusher } from "./flusher.ts";

function flushed() {
  const time = new VirtualTime();
  const waiting: string[] = [];
  const batches: string[][] = [];
  /** A flush ends when this is resolved. */
  let gate = Promise.resolve();
  const flusher = new Flusher({
    timers: time,
    everyMs: 1_000,
    flush: async () => {
      batches.push(waiting.splice(0, 2));
      await gate;
    },
    isEmpty: () => waiting.length === 0,
  });
  return {
    time,
    batches,
    flusher,
    add: (name: string) => {
      waiting.push(name);
      flusher.schedule();
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

describe("a flusher", () => {
  it("flushes once per interval until nothing waits", async () => {
    const { time, batches, add } = flushed();
    for (const name of ["a", "b", "c"]) add(name);
    await time.advanceAsync(999);
    assert.deepEqual(batches, []);
    await time.advanceAsync(1);
    assert.deepEqual(batches, [["a", "b"]]);
    await time.advanceAsync(5_000);
    assert.deepEqual(batches, [["a", "b"], ["c"]]);
  });

  it("flushes the waiting records when it stops, and no later ones", async () => {
    const { time, batches, add, flusher } = flushed();
    add("a");
    await flusher.flushAndStop();
    add("b");
    await time.advanceAsync(5_000);
    assert.deepEqual(batches, [["a"]]);
  });

  it("waits for a running flush when it stops, and schedules no other", async () => {
    const { time, batches, add, flusher, hold } = flushed();
    const release = hold();
    for (const name of ["a", "b", "c"]) add(name);
    await time.advanceAsync(1_000);
    let isStopped = false;
    const stopped = flusher.stop().then(() => {
      isStopped = true;
    });
    await time.advanceAsync(1_000);
    assert.equal(isStopped, false);
    release();
    await stopped;
    await time.advanceAsync(5_000);
    assert.deepEqual(batches, [["a", "b"]]);
  });
});
