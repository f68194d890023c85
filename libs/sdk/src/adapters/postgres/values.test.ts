import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindValues, parametersOf } from "./values.ts";

const untouched = [
  "'a :b'",
  "E'\\' :b'",
  '"a:b"',
  "$$ :b $$",
  "$x$ $$ :b $x$",
  "-- :b\n",
  "/* :b */",
  "x::text",
  "f(a := 1)",
];

describe("parameters of a statement", () => {
  for (const part of untouched)
    it(`are none in ${JSON.stringify(part)}`, () => {
      assert.deepEqual(parametersOf(`SELECT ${part}, :a`), {
        ...{ text: `SELECT ${part}, $1`, names: ["a"], json: new Set() },
      });
    });

  it("have one number for each name, and are JSON if the statement casts them to JSON", () => {
    const parameters = parametersOf("SELECT :a, :b::jsonb, :a::text, :c :: json");
    assert.equal(parameters.text, "SELECT $1, $2::jsonb, $1::text, $3 :: json");
    const values = bindValues("x", parameters, { a: [1], b: [1], c: null });
    assert.deepEqual(values, [[1], "[1]", null]);
    assert.throws(() => bindValues("x", parameters, { a: 1 }), { code: "adapter.input_invalid" });
  });
});
