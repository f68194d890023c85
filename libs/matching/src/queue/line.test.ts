import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Line, type Listed } from "./line.ts";

function taskOf(rank: number, order: number): Listed {
  return { rank, order, place: -1, listed: -1 };
}

describe("Line", () => {
  it("keeps the order of a sorted list, for any arrivals, removals and moves", () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), rank: fc.integer({ min: 0, max: 200 }) }),
      fc.record({ kind: fc.constant("take" as const), count: fc.nat(5) }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat(300) }),
      fc.record({
        kind: fc.constant("move" as const),
        at: fc.nat(300),
        rank: fc.integer({ min: 0, max: 200 }),
      }),
      fc.record({ kind: fc.constant("burst" as const), count: fc.integer({ min: 0, max: 150 }) }),
      fc.record({ kind: fc.constant("recall" as const), every: fc.integer({ min: 2, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), (operations) => {
        const line = new Line<Listed>();
        let model: Listed[] = [];
        let order = 0;
        const add = (rank: number) => {
          const task = taskOf(rank, order++);
          line.add(task);
          model.push(task);
        };
        const drop = (task: Listed | undefined) => {
          if (task === undefined) return;
          line.remove(task);
          model = model.filter((each) => each !== task);
        };
        for (const step of operations) {
          const at = "at" in step ? model[step.at % Math.max(1, model.length)] : undefined;
          if (step.kind === "add") add(step.rank);
          else if (step.kind === "burst") for (let added = 0; added < step.count; added++) add(100 + order);
          else if (step.kind === "remove") drop(at);
          else if (step.kind === "recall")
            for (const task of model.filter((_, at) => at % step.every > 0)) drop(task);
          else if (step.kind === "take")
            for (let removed = 0; removed < step.count; removed++) drop(line.first);
          else if (at !== undefined) {
            at.rank = step.rank;
            line.move(at);
          }
          model.sort((one, other) => one.rank - other.rank || one.order - other.order);
          assert.equal(line.first, model[0]);
          assert.equal(line.size, model.length);
          assert.equal(new Set(line.tasks()).size, model.length);
        }
        while (line.first !== undefined) {
          assert.equal(line.first, model[0]);
          drop(line.first);
        }
        assert.deepEqual(model, []);
      }),
    );
  });
});
