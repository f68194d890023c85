import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventAt, marksOf, nextOfReplay, pauseOfReplay } from "./moments.ts";

const at = (...times: number[]) => times.map((timeMs) => ({ timeMs }));

describe("moments of a history", () => {
  it("are marked by the most important event in each part of the history", () => {
    const types = [
      "run_started",
      "task_completed",
      "attempt_failed",
      "approval_asked",
      "task_failed",
      "run_failed",
    ];
    const history = types.map((type) => ({ type }));
    assert.deepEqual(marksOf(history, 6, 6), ["begun", "done", "again", "held", "wrong", "wrong"]);
    assert.deepEqual(marksOf(history, 6, 2), ["again", "wrong"]);
    assert.deepEqual(marksOf(history.slice(0, 1), 6, 3), ["begun", "", ""]);
  });

  it("are found by time: the last event that had happened", () => {
    const history = at(10, 20, 20, 30);
    assert.deepEqual(
      [9, 10, 20, 25, 99].map((ms) => eventAt(history, ms)),
      [0, 1, 3, 3, 4],
    );
  });

  it("pass in a replay that ends, for any length", () => {
    for (const total of [1, 7, 240, 50_000]) {
      let event = 0;
      let frames = 0;
      while (event < total) {
        event = nextOfReplay(event, total);
        frames += 1;
      }
      assert.equal(event, total);
      assert.ok(frames * pauseOfReplay(total) <= 14_000, `${total} events take too long`);
    }
  });
});
