import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RelayedNumbers } from "./relayed-numbers.ts";

describe("numbers of capabilities on a relayed link", () => {
  it("are the owner's until an owner counts otherwise", () => {
    const numbers = new RelayedNumbers();
    assert.deepEqual(numbers.learn({ "a@1.0.0": 1, "b@1.0.0": 4 }), { "a@1.0.0": 1, "b@1.0.0": 4 });
    assert.ok(numbers.isSame);
    assert.deepEqual(numbers.learn({ "a@1.0.0": 1 }), {});
  });

  it("keep the agent's first numbers when another owner numbers differently", () => {
    const numbers = new RelayedNumbers();
    numbers.learn({ "a@1.0.0": 1, "b@1.0.0": 2 });
    numbers.forgetOwner();
    assert.deepEqual(numbers.learn({ "b@1.0.0": 1, "a@1.0.0": 2, "c@1.0.0": 3 }), { "c@1.0.0": 3 });
    assert.ok(!numbers.isSame);
    assert.deepEqual(
      [1, 2, 3].map((number) => numbers.of(number)),
      [2, 1, 3],
    );
    // The new owner's number 1 is in use: the agent gets another number for it.
    numbers.forgetOwner();
    assert.deepEqual(numbers.learn({ "d@1.0.0": 1 }), { "d@1.0.0": 4 });
    assert.equal(numbers.of(1), 4);
    assert.equal(numbers.of(9), 0);
  });
});
