import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { EventQueue } from "./event-queue.ts";

describe("EventQueue", () => {
  it("returns the earliest entry first, entries of the same time in insertion order, and no cancelled ones", () => {
    const entry = fc.record({ dueMs: fc.nat({ max: 20 }), isCancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const queue = new EventQueue();
        const added = entries.map(({ dueMs, isCancelled }, index) => {
          queue.add(dueMs, () => {}).cancelled = isCancelled;
          return { dueMs, isCancelled, index };
        });
        const expected = added
          .filter(({ isCancelled }) => !isCancelled)
          .sort((one, other) => one.dueMs - other.dueMs || one.index - other.index)
          .map(({ dueMs, index }) => [dueMs, index]);
        const dequeued: number[][] = [];
        for (let next = queue.dequeue(); next !== undefined; next = queue.dequeue()) {
          dequeued.push([next.dueMs, next.number]);
        }
        assert.deepEqual(dequeued, expected);
      }),
    );
  });
});
