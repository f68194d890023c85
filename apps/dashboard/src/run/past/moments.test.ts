import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { densityOf, eventAt, nextOfReplay, pauseOfReplay } from "./moments.ts";

const at = (...times: number[]) => times.map((timeMs) => ({ timeMs }));

describe("moments of a history", () => {
  it("are counted by equal parts of the time, all of them", () => {
    assert.deepEqual(densityOf(at(0, 1, 2, 50, 100), 4), [3, 0, 1, 1]);
    assert.deepEqual(densityOf(at(7, 7, 7), 2), [3, 0]);
    assert.deepEqual(densityOf([], 2), [0, 0]);
  });

  it("are found by time: the last event that had happened", () => {
    const history = at(10, 20, 20, 30);
    assert.deepEqual(
      [9, 10, 20, 25, 99].map((ms) => eventAt(history, ms)),
      [0, 1, 3, 3, 4],
    );
  });

  it("pass in a replay that ends, whatever the length", () => {
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
