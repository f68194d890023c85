import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JournalHolds } from "./journal-holds.ts";

const one = { service: "workflow", partition: 3 };
const other = { service: "swarm", partition: 3 };

describe("holds on journals", () => {
  it("retain nothing without a reader", () => {
    const holds = new JournalHolds();
    holds.acknowledge(one, 7);
    assert.equal(holds.neededFrom(one), Number.POSITIVE_INFINITY);
  });

  it("retain each journal after its read position, and an unread journal completely", () => {
    const holds = new JournalHolds();
    holds.hold();
    holds.acknowledge(one, 7);
    assert.deepEqual([holds.neededFrom(one), holds.neededFrom(other)], [8, 1]);
    holds.acknowledge(one, 9);
    assert.equal(holds.neededFrom(one), 10);
  });
});
