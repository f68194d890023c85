import assert from "node:assert/strict";
import { it } from "node:test";
import { newRunsOf, percentProblem } from "./rollout.ts";

it("a version shows its percentage of new runs, and the latest version shows the rest", () => {
  const rollout = { hash: "b", percent: 10 };
  assert.equal(newRunsOf({ hash: "b", labels: ["2.0.0"], rollout }), 10);
  assert.equal(newRunsOf({ hash: "a", labels: ["latest"], rollout }), 90);
  assert.equal(newRunsOf({ hash: "a", labels: ["latest"], rollout: undefined }), 100);
  assert.equal(newRunsOf({ hash: "c", labels: ["3"], rollout: undefined }), 0);
});

it("a percentage is a whole number from 0 to 100", () => {
  assert.deepEqual(["0", "7", "100"].map(percentProblem), [undefined, undefined, undefined]);
  for (const wrong of ["", "101", "-1", "1.5", "x"]) assert.notEqual(percentProblem(wrong), undefined, wrong);
});
