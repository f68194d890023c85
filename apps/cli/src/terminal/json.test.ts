import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseExactly } from "@tutti/rest/json/exact";
import fc from "fast-check";
import { drawJson } from "./json.ts";
import { withoutColours as style } from "./style.ts";

describe("values for people", () => {
  it("prints a short value on one line", () =>
    assert.deepEqual(drawJson({ a: [1, null, "x"], b: true }, { style, width: 80 }), [
      '{"a": [1, null, "x"], "b": true}',
    ]));

  it("prints a long value with one line for each part", () =>
    assert.deepEqual(drawJson({ first: "x".repeat(40), second: ["y".repeat(40), 1] }, { style, width: 60 }), [
      "{",
      `  "first": "${"x".repeat(40)}",`,
      `  "second": ["${"y".repeat(40)}", 1]`,
      "}",
    ]));

  it("prints every digit of a number", () =>
    assert.deepEqual(drawJson(parseExactly('{"id":9007199254740993}'), { style, width: 80 }), [
      '{"id": 9007199254740993}',
    ]));

  it("any value is JSON of the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 20, max: 100 }), (value, width) => {
        assert.deepEqual(
          JSON.parse(drawJson(value, { style, width }).join("\n")),
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });
});
