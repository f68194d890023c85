import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JournalHolds } from "./journal-holds.ts";

const one = { service: "workflow", partition: 3 };
const other = { service: "swarm", partition: 3 };

describe("the hold of journals", () => {
  it("keeps nothing while they have no reader", () => {
    const holds = new JournalHolds();
    holds.took(one, 7);
    assert.equal(holds.neededFrom(one), Number.POSITIVE_INFINITY);
  });

  it("keeps each from behind what was taken of it, and all of one of which nothing was", () => {
    const holds = new JournalHolds();
    holds.hold();
    holds.took(one, 7);
    assert.deepEqual([holds.neededFrom(one), holds.neededFrom(other)], [8, 1]);
    holds.took(one, 9);
    assert.equal(holds.neededFrom(one), 10);
  });
});
