import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonOf } from "./parse.ts";

describe("JSON as a person types it", () => {
  it("is parsed to its value, or to null if it is empty", () => {
    assert.deepEqual(jsonOf(' {"a": [1]} '), { value: { a: [1] } });
    assert.deepEqual(jsonOf("  "), { value: null });
  });

  it("is reported as invalid, in words", () => {
    const found = jsonOf("hello");
    assert.match("problem" in found ? found.problem : "", /Invalid JSON.*double quotes/);
  });
});
