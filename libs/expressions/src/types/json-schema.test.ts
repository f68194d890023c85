import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "../values/value.ts";
import { typeOfSchema } from "./json-schema.ts";
import { printType, type Type } from "./type.ts";

function described(type: Type): string {
  if (type.kind !== "object") return printType(type) + (type.nullable ? "?" : "");
  const fields = [...type.fields].map(([name, field]) => `${name}: ${described(field)}`);
  if (type.others !== undefined) fields.push(`*: ${described(type.others)}`);
  return `{${fields.join(", ")}}`;
}

describe("the type of a JSON Schema", () => {
  const table: readonly (readonly [schema: Json, type: string])[] = [
    [true, "dyn"],
    [{}, "dyn"],
    [{ type: "integer" }, "int"],
    [{ type: "number" }, "double"],
    [{ type: ["string", "null"] }, "string?"],
    [{ type: ["string", "integer"] }, "dyn"],
    [{ type: "array", items: { type: "boolean" } }, "list(bool)"],
    [{ type: "object" }, "map(string, dyn)"],
    [{ type: "object", additionalProperties: { type: "integer" } }, "map(string, int)"],
    [{ properties: { a: { type: "string" } } }, "{a: string}"],
    [{ properties: { a: { type: "string" } }, additionalProperties: true }, "{a: string, *: dyn}"],
    [{ enum: ["a", "b"] }, "string"],
    [{ const: 3 }, "int"],
    [{ enum: [1, "a"] }, "dyn"],
    [{ anyOf: [{ type: "string" }] }, "dyn"],
    [{ $ref: "#/$defs/x", $defs: { x: { type: "string" } } }, "string"],
    [{ $ref: "#/nowhere" }, "dyn"],
    [{ $ref: "https://example.com/schema" }, "dyn"],
    [{ $ref: "#" }, "dyn"],
  ];
  for (const [schema, type] of table) {
    it(`${JSON.stringify(schema)} is ${type}`, () => assert.equal(described(typeOfSchema(schema)), type));
  }

  it("of a recursive tree is finite", () => {
    const tree = {
      type: "object",
      properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#" } } },
    };
    assert.equal(described(typeOfSchema(tree)), "{name: string, children: list(dyn)}");
  });

  it("is read in linear time, however its parts refer to each other", () => {
    const $defs: Record<string, Json> = { d40: { type: "string" } };
    for (let n = 0; n < 40; n++)
      $defs[`d${n}`] = { properties: { a: { $ref: `#/$defs/d${n + 1}` }, b: { $ref: `#/$defs/d${n + 1}` } } };
    assert.equal(typeOfSchema({ $ref: "#/$defs/d0", $defs }).kind, "object");
  });
});
