import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { amountOf, counted } from "./counted.ts";

describe("numbers and their nouns", () => {
  it("agree: one is alone, and none, many and parts are several", () => {
    assert.deepEqual(
      [0, 0.5, 1, 2].map((count) => counted(count, "task")),
      ["0 tasks", "0.5 tasks", "1 task", "2 tasks"],
    );
    assert.equal(counted(1, "entry", "entries"), "1 entry");
    assert.equal(counted(2, "entry", "entries"), "2 entries");
  });

  it("agree where a resource is slots, and leave the names of others as they are", () => {
    assert.equal(amountOf(1, "slots"), "1 slot");
    assert.equal(amountOf(3, "slots"), "3 slots");
    assert.equal(amountOf(1, "gpu"), "1 gpu");
    assert.equal(amountOf(2, "gpu"), "2 gpu");
  });
});
