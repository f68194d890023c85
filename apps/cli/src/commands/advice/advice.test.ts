import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noRunsText, noTasksText } from "./advice.ts";

describe("a search without advice", () => {
  it("reports too little recorded work, or no gain in a replay", () => {
    assert.match(noTasksText("gpu", 12), /12 recorded tasks\. At least 200 are needed\.$/);
    assert.match(noTasksText("gpu", 8_446), /No other strategy gains 3 % or more in a replay\.$/);
    assert.match(noRunsText("order", 1), /1 completed run of its latest version\. At least 5 are needed\.$/);
    assert.match(noRunsText("order", 100), /No change gains 1 % or more in a replay\.$/);
  });
});
