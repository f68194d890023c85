import assert from "node:assert/strict";
import { it } from "node:test";
import { percentProblem } from "./rollout.ts";

it("a percentage is a whole number from 0 to 100", () => {
  assert.deepEqual(["0", "7", "100"].map(percentProblem), [undefined, undefined, undefined]);
  for (const wrong of ["", "101", "-1", "1.5", "x"]) assert.notEqual(percentProblem(wrong), undefined, wrong);
});
