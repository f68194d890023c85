import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type TimerEntry, TimerQueue } from "./timer-queue.ts";

interface Named extends TimerEntry {
  readonly name: number;
}

const entry = (name: number): Named => ({ name, rank: 0, order: 0, place: -1 });

type Act =
  | { readonly what: "set"; readonly name: number; readonly dueMs: number }
  | { readonly what: "remove"; readonly name: number }
  | { readonly what: "take"; readonly nowMs: number };

const name = fc.integer({ min: 0, max: 12 });
const moment = fc.integer({ min: 0, max: 20 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ what: fc.constant("set" as const), name, dueMs: moment }),
  fc.record({ what: fc.constant("remove" as const), name }),
  fc.record({ what: fc.constant("take" as const), nowMs: moment }),
);

describe("a queue of timers", () => {
  it("has the order of a sorted list, after any additions, moves and removals", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const queue = new TimerQueue<Named>();
        const entries = new Map<number, Named>();
        let list: { readonly name: number; readonly dueMs: number; readonly rank: number }[] = [];
        let ranks = 0;
        for (const step of acts) {
          if (step.what === "take") {
            const [first] = list;
            const expected = first !== undefined && first.dueMs <= step.nowMs ? first.name : undefined;
            assert.equal(queue.dequeueDue(step.nowMs)?.name, expected);
            if (expected !== undefined) list = list.slice(1);
            continue;
          }
          const timer = entries.get(step.name) ?? entry(step.name);
          entries.set(step.name, timer);
          list = list.filter((one) => one.name !== step.name);
          if (step.what === "remove") queue.remove(timer);
          else {
            queue.set(timer, step.dueMs);
            list.push({ name: step.name, dueMs: step.dueMs, rank: ranks++ });
            list.sort((one, other) => one.dueMs - other.dueMs || one.rank - other.rank);
          }
          assert.equal(queue.size, list.length);
          assert.equal(queue.nextDueMs, list[0]?.dueMs ?? Number.POSITIVE_INFINITY);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("is empty after a clear, and accepts the same timers again", () => {
    const queue = new TimerQueue<Named>();
    const timers = [entry(1), entry(2)];
    for (const timer of timers) queue.set(timer, 5);
    queue.clear();
    assert.equal(queue.size, 0);
    assert.equal(queue.dequeueDue(10), undefined);
    for (const timer of timers) queue.remove(timer);
    for (const timer of timers.toReversed()) queue.set(timer, 5);
    assert.equal(queue.dequeueDue(10)?.name, 2);
  });
});
