import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonOf } from "./parse.ts";

describe("JSON as a person types it", () => {
  it("is its value, and null where nothing is typed", () => {
    assert.deepEqual(jsonOf(' {"a": [1]} '), { value: { a: [1] } });
    assert.deepEqual(jsonOf("  "), { value: null });
  });

  it("or what is wrong with it, in words", () => {
    const found = jsonOf("hello");
    assert.match("problem" in found ? found.problem : "", /Invalid JSON.*double quotes/);
  });
});
