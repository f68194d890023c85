import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Queue } from "./queue.ts";

describe("Queue", () => {
  it("for any steps: behaves like a list", () => {
    const step = fc.oneof(
      fc.constant({ kind: "push" } as const),
      fc.constant({ kind: "shift" } as const),
      fc.record({ kind: fc.constant("putBack" as const), count: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new Queue<number>();
        const list: number[] = [];
        let next = 0;
        for (const each of steps) {
          if (each.kind === "push") {
            queue.push(next);
            list.push(next++);
          } else if (each.kind === "shift") {
            assert.equal(queue.shift(), list.shift());
          } else {
            const items = Array.from({ length: each.count }, () => next++);
            queue.unshift(items);
            list.unshift(...items);
          }
          assert.deepEqual([queue.first, queue.size], [list[0], list.length]);
        }
      }),
    );
  });

  it("keeps the order of many thousand items", () => {
    const queue = new Queue<number>();
    for (let item = 0; item < 10_000; item++) queue.push(item);
    for (let item = 0; item < 9_000; item++) assert.equal(queue.shift(), item);
    queue.push(10_000);
    for (let item = 9_000; item <= 10_000; item++) assert.equal(queue.shift(), item);
    assert.equal(queue.shift(), undefined);
  });
});
