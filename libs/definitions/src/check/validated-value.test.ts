import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { validateAgainst, validateInputAgainst } from "./validated-value.ts";

const schema = {
  type: "object",
  properties: { total: { type: "integer" }, currency: { type: "string", default: "EUR" } },
  required: ["total"],
};

describe("a value validated against a schema", () => {
  it("gets the defaults filled in", () => {
    assert.deepEqual(validateAgainst(schema, { total: 3 }), {
      value: { total: 3, currency: "EUR" },
      violations: [],
    });
  });

  it("gets all of its problems", () => {
    const { violations } = validateAgainst(schema, { total: "many", currency: 4 });
    assert.deepEqual(
      violations.map(({ path }) => path),
      [["total"], ["currency"]],
    );
  });

  it("ends even if the schema doubles at every level", () => {
    const doubling = { $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }, { $ref: "#/$defs/b" }] } } };
    const defs: Record<string, unknown> = doubling.$defs;
    for (const [index, name] of [..."bcdefghijklmnopqrstuvw"].entries()) {
      const next = "bcdefghijklmnopqrstuvwx"[index + 1] ?? "x";
      defs[name] = { anyOf: [{ $ref: `#/$defs/${next}` }, { $ref: `#/$defs/${next}` }] };
    }
    defs["x"] = { type: "string" };
    const { violations } = validateAgainst({ ...doubling, $ref: "#/$defs/a" }, 1);
    assert.equal(violations.length, 1);
  });
});

it("a missing input becomes the empty object if all of its members have defaults", () => {
  const level = { type: "object", properties: { level: { type: "string", default: "low" } } };
  assert.deepEqual(validateInputAgainst(level, undefined).value, { level: "low" });
  assert.equal(validateInputAgainst(level, null).violations.length, 1);
  assert.equal(validateInputAgainst({ type: ["object", "null"] }, undefined).value, null);
  assert.deepEqual(
    validateInputAgainst(schema, undefined).violations.map(({ path }) => path),
    [[]],
  );
});
