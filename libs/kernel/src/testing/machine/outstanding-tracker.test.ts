import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutstandingTracker } from "./outstanding-tracker.ts";

describe("outstanding effects", () => {
  it("may change under the same attempt until they are settled", () => {
    const tracker = new OutstandingTracker(() => "here");
    tracker.effect(1, 2, { priority: 1 });
    tracker.effect(1, 2, { priority: 9 });
    assert.deepEqual(tracker.effects, [{ number: 1, attempt: 2, effect: { priority: 9 } }]);
    tracker.settled(1);
    assert.throws(() => tracker.effect(1, 2, { priority: 9 }), /in an attempt above 2/);
    tracker.effect(1, 3, {});
  });
});
