import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { events } from "@tutti/rest/history/testing";
import { stayAt, trailOf } from "./trail.ts";

describe("the way of a run from state to state", () => {
  const history = events(
    ["run_started"],
    ["state_entered", "", { state: "trial" }],
    ["transition_taken", "", { to: "active", way: "signal" }],
    ["actions_begun"],
    ["state_entered", "", { state: "active" }],
  );

  it("has the times of each stay, and the transition that led to it", () => {
    assert.deepEqual(trailOf(history, 0), [
      { state: "trial", event: 2, fromMs: 1_010, untilMs: 1_040, transition: "" },
      { state: "active", event: 5, fromMs: 1_040, untilMs: 0, transition: "signal" },
    ]);
    assert.equal(trailOf(history, 2_000).at(-1)?.untilMs, 2_000);
    assert.deepEqual(trailOf([], 0), []);
  });

  it("drops states that a reset reverted", () => {
    const repeated = events(
      ["state_entered", "", { state: "a" }],
      ["state_entered", "", { state: "b" }],
      ["run_reset", "", { toEvent: 1 }],
    );
    assert.deepEqual(
      trailOf(repeated, 0).map(({ state }) => state),
      ["a"],
    );
  });

  it("finds the state of a run after an event", () => {
    const trail = trailOf(history, 0);
    assert.deepEqual(
      [1, 2, 4, 5, undefined].map((event) => stayAt(trail, event)),
      [-1, 0, 0, 1, 1],
    );
  });
});
