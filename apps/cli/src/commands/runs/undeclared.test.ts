import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { undeclaredIn } from "./undeclared.ts";

const properties = { name: { type: "string" }, size: { type: "integer" } };

describe("fields of an input that the workflow does not declare", () => {
  const cases: readonly (readonly [title: string, schema: object, input: unknown, expected: object[]])[] = [
    ["a mistyped field", { properties }, { nmae: "Anna" }, [{ field: "nmae", meant: "name" }]],
    ["a field like no other", { properties }, { colour: "red" }, []],
    ["a field next to the declared one", { properties }, { name: "Anna", names: [] }, []],
    ["declared fields", { properties }, { name: "Anna", size: 3 }, []],
    ["a schema that decides about others", { properties, additionalProperties: true }, { nmae: 1 }, []],
    ["a schema without fields", { type: "object" }, { nmae: 1 }, []],
    ["an input that has no fields", { properties }, ["nmae"], []],
  ];
  for (const [title, schema, input, expected] of cases)
    it(`${title}: ${expected.length} found`, () =>
      assert.deepEqual(undeclaredIn(JSON.stringify(schema), input), expected));

  it("a workflow without a schema has no undeclared fields", () =>
    assert.deepEqual(undeclaredIn("", { nmae: 1 }), []));
});
