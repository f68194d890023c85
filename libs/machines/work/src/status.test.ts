import assert from "node:assert/strict";
import { it } from "node:test";
import { statusClause } from "./status.ts";

it("a status in a sentence has its verb", () => {
  assert.deepEqual(
    ["failed", "completed", "cancelled", "terminated", "skipped", "running", "paused"].map(statusClause),
    [
      ...["has failed", "has completed", "was cancelled", "was terminated", "was skipped"],
      ...["is running", "is paused"],
    ],
  );
});
