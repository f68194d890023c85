import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noneOfRuns, noneOfTasks } from "./advice.ts";

describe("a search without advice", () => {
  it("says whether there is too little work, or nothing to gain", () => {
    assert.match(noneOfTasks("gpu", 12), /12 recorded tasks\. At least 200 are needed\.$/);
    assert.match(noneOfTasks("gpu", 8_446), /No other strategy gains 3 % or more in a replay\.$/);
    assert.match(noneOfRuns("order", 1), /1 completed run of its latest version\. At least 5 are needed\.$/);
    assert.match(noneOfRuns("order", 100), /No change gains 1 % or more in a replay\.$/);
  });
});
