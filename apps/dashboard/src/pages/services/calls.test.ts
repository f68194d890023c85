import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callsIn } from "./calls.ts";

describe("calls of the last hour", () => {
  it("reads the rows of the query", () => {
    assert.deepEqual(callsIn([["runs.get", "ada", "404", 2, 12.5, 9]]), [
      { route: "runs.get", identity: "ada", code: "404", calls: 2, ms: 12.5, slowestMs: 9 },
    ]);
    assert.deepEqual(callsIn(undefined), []);
  });
});
