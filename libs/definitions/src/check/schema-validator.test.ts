import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "@tutti/expressions";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { SchemaValidator } from "./schema-validator.ts";
import { Steps, StepsExhausted } from "./steps.ts";

function messages(value: Json, schema: Json): readonly string[] {
  const validator = new SchemaValidator(schema, new Steps(100_000));
  validator.validate(value);
  return validator.violations.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
}

describe("a value validated against its schema", () => {
  it("gets a message with the path for every violation", () => {
    const schema = {
      type: "object",
      properties: {
        name: { type: "string", pattern: "^[a-z]+$", maxLength: 5 },
        age: { type: "integer", minimum: 0 },
        kind: { enum: ["a", "b"] },
        list: { type: "array", items: { type: "string" }, uniqueItems: true },
      },
      required: ["name"],
      additionalProperties: false,
    };
    assert.deepEqual(messages({ name: "Ab", age: -1.5, kind: "c", list: ["x", 1, "x"], more: 1 }, schema), [
      'name must match the pattern "^[a-z]+$"',
      "age must be integer, got -1.5",
      'kind must be one of "a", "b", got "c"',
      "list must not have an entry twice",
      "list.1 must be string, got 1",
      "more is not known",
    ]);
    assert.deepEqual(messages({}, schema), ["must have required property 'name'"]);
  });

  it("names the property that was probably meant", () => {
    const properties = { name: { type: "string" }, size: { type: "integer" } };
    const open = { properties, required: ["name"] };
    assert.deepEqual(messages({ nmae: "a" }, open), ["must have required property 'name', got 'nmae'"]);
    assert.deepEqual(messages({ size: 1 }, open), ["must have required property 'name'"]);
    const closed = { properties, additionalProperties: false };
    assert.deepEqual(messages({ szie: 1 }, closed), ["szie is not known, did you mean 'size'?"]);
  });

  it("compares names in counted steps", () => {
    const long = (letter: string) => letter.repeat(150);
    const properties = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`${index}${long("a")}`, true]),
    );
    const value = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}${long("b")}`, 1]));
    assert.throws(() => messages(value, { properties, additionalProperties: false }), StepsExhausted);
  });

  it("gets the defaults of the schema", () => {
    const schema = { properties: { a: { default: 3 }, b: { properties: { c: { default: [] } } } } };
    assert.deepEqual(new SchemaValidator(schema, new Steps()).validate({ b: {} }), { a: 3, b: { c: [] } });
  });

  it("may miss a required member that gets a default", () => {
    const schema = { properties: { a: { default: 3 } }, required: ["a"] };
    assert.deepEqual(messages({}, schema), []);
    assert.deepEqual(new SchemaValidator(schema, new Steps()).validate({}), { a: 3 });
    // Inside a combination no default is filled in, so the member is missing.
    assert.deepEqual(messages({}, { anyOf: [schema] }), ["must satisfy one of the schemas of `anyOf`"]);
    assert.deepEqual(messages({}, { allOf: [schema] }), ["must have required property 'a'"]);
  });

  it("agrees with ajv on the keywords that both support", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const small = fc
      .jsonValue({ maxDepth: 2, depthSize: "small" })
      .map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", "p")) as Json);
    const leaf = fc.oneof(
      fc.constantFrom<Json>(
        true,
        false,
        {},
        { type: "string" },
        { type: ["integer", "null"] },
        { type: "number", exclusiveMinimum: 0 },
        { const: 0 },
        { enum: [1, "", null, []] },
        { minLength: 1, pattern: "a|^$" },
        { maxItems: 1 },
        { required: ["a"] },
        { maxProperties: 1 },
      ),
    );
    const { schema } = fc.letrec<{ schema: Json }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        tie("schema").map((of) => ({ type: "array", items: of })),
        fc
          .tuple(tie("schema"), tie("schema"))
          .map(([a, b]) => ({ properties: { a, "": b }, additionalProperties: false })),
        fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => ({ anyOf: [a, b] })),
        fc.tuple(tie("schema"), tie("schema")).map(([a, b]) => ({ oneOf: [a, b] })),
        tie("schema").map((of) => ({ not: of })),
        tie("schema").map((of) => ({
          allOf: [of, { $ref: "#/$defs/x" }],
          $defs: { x: { type: ["object", "array", "string", "null"] } },
        })),
      ),
    }));
    fc.assert(
      fc.property(schema, small, (generated, value) => {
        // References refer to the root of the whole schema.
        const whole = { allOf: [generated], $defs: { x: { type: ["object", "array", "string", "null"] } } };
        assert.equal(
          messages(value, whole).length === 0,
          ajv.compile(whole as object)(value),
          JSON.stringify({ whole, value }),
        );
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  it("fails instead of looping forever if its schema is recursive or grows exponentially", () => {
    assert.match(messages(1, { $ref: "#" })[0] ?? "", /refers to itself without end/);
    const $defs: Record<string, Json> = { d40: { type: "string" } };
    for (let n = 0; n < 40; n++)
      $defs[`d${n}`] = { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] };
    assert.throws(
      () => messages(1, { $ref: "#/$defs/d0", $defs }),
      (fault) => fault instanceof StepsExhausted,
    );
    assert.deepEqual(messages(`${"a".repeat(50)}b`, { pattern: "^(a+)+$" }), [
      'must match the pattern "^(a+)+$"',
    ]);
    assert.match(messages("a", { pattern: "(?=a)" })[0] ?? "", /^cannot be checked: the pattern/);
  });
});
