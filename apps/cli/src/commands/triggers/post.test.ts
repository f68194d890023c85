import assert from "node:assert/strict";
import { it } from "node:test";
import { matchedText } from "./post.ts";

it("a posted event names its triggers, and without one the runs that wait for it", () => {
  assert.equal(matchedText(0, 0), "matches no trigger, and goes to runs that wait for it");
  assert.equal(matchedText(1, 0), "matches 1 trigger");
  assert.equal(matchedText(2, 1), "matches 2 triggers, seen before by 1");
});
