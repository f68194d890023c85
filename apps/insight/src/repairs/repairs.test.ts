import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusalsIn } from "./repairs.ts";

describe("the note about a repair", () => {
  it("reports how many runs refused the change, and the reason of the first", () => {
    const refused = [
      { run: "a", message: "Run `a` has not failed." },
      { run: "b", message: "" },
    ];
    assert.equal(refusalsIn({ done: 3, refused }), " Changed 3 runs, 2 refused: Run `a` has not failed.");
    assert.equal(refusalsIn({ done: 3, refused: [] }), "");
    assert.equal(refusalsIn({ summary: "Pauses worker a." }), "");
  });
});
