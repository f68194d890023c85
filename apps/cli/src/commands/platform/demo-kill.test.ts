import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runsOf } from "./demo-kill.ts";

describe("tutti demo kill", () => {
  it("defaults to 500 runs, and names the bounds of --runs", () => {
    assert.equal(runsOf(undefined), 500);
    assert.equal(runsOf("60"), 60);
    for (const wrong of ["9", "1.5", "many", "", "1000000"])
      assert.throws(() => runsOf(wrong), { message: /--runs: expected 10 to 20000, got/ }, wrong);
  });
});
