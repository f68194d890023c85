import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Heap, type Ranked } from "./heap.ts";

describe("Heap", () => {
  it("returns entries in sorted order after any additions, moves and removals", () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), rank: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat(30) }),
      fc.record({ kind: fc.constant("move" as const), at: fc.nat(30), rank: fc.integer({ min: 0, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const heap = new Heap<Ranked>();
        const model: Ranked[] = [];
        let order = 0;
        for (const step of operations) {
          const item = step.kind === "add" ? undefined : model[step.at % Math.max(1, model.length)];
          if (step.kind === "add") {
            const added = { rank: step.rank, order: order++, place: -1 };
            heap.add(added);
            model.push(added);
          } else if (item !== undefined && step.kind === "remove") {
            heap.remove(item);
            model.splice(model.indexOf(item), 1);
            assert.equal(item.place, -1);
          } else if (item !== undefined && step.kind === "move") {
            item.rank = step.rank;
            heap.move(item);
          }
          model.sort((one, other) => one.rank - other.rank || one.order - other.order);
          assert.equal(heap.first, model[0]);
          assert.equal(heap.size, model.length);
        }
        while (heap.first !== undefined) {
          assert.equal(heap.first, model.shift());
          heap.remove(heap.first);
        }
      }),
    );
  });
});
