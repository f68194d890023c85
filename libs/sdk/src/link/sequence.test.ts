import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, isRepeated, stepsTo } from "./sequence.ts";

const last = 0xffff_ffff;

describe("numbers of frames", () => {
  it("start again with 1 after the last", () => {
    assert.deepEqual([after(0), after(1), after(last)], [1, 2, 1]);
  });

  it("are as far apart as the steps between them, across the end too", () => {
    assert.deepEqual([stepsTo(0, 3), stepsTo(3, 3), stepsTo(last, 1), stepsTo(last - 1, 2)], [3, 0, 1, 3]);
  });

  it("are repeated if they are not above the last number", () => {
    assert.deepEqual(
      [
        isRepeated(1, 0),
        isRepeated(3, 3),
        isRepeated(2, 3),
        isRepeated(4, 3),
        isRepeated(last, 1),
        isRepeated(2, last),
      ],
      [false, true, true, false, true, false],
    );
  });
});
