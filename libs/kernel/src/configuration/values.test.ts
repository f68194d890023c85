import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { SecretReference } from "./secret.ts";
import { convertedValue, type Found } from "./values.ts";

const nowhere = { read: () => ({ missing: "" }), readLater: async () => ({ missing: "" }) };

function meant(schema: z.core.$ZodType, found: Found): unknown {
  return convertedValue(schema, found, (reference) => new SecretReference(reference, nowhere)).value;
}

describe("text from a variable or a flag", () => {
  const number = z.number().min(0).default(1);
  const table: readonly [string, z.core.$ZodType, string, unknown][] = [
    ["text", z.string(), " as it is ", " as it is "],
    ["a number", number, " 12.5 ", 12.5],
    ["a number with an exponent", number, "1e3", 1_000],
    ["a number below zero", z.int(), "-5", -5],
    ["no number in hexadecimal", number, "0x10", "0x10"],
    ["no number without digits", number, "", ""],
    ["no number that is none", number, "NaN", "NaN"],
    ["a big integer", z.bigint(), "12345678901234567890", 12345678901234567890n],
    ["no big integer with a point", z.bigint(), "1.5", "1.5"],
    ["true", z.boolean(), "Yes", true],
    ["false", z.boolean().optional(), "0", false],
    ["no boolean of other words", z.boolean(), "perhaps", "perhaps"],
    ["a choice", z.enum(["a", "b"]), "b", "b"],
    ["a literal of another type", z.literal([1, "one"]), "1", 1],
    ["nothing, where that is allowed", z.int().nullable().default(null), "null", null],
    ["the word null, where it is not", z.string(), "null", "null"],
    ["a list", z.array(z.int()), "1, 2,3", [1, 2, 3]],
    ["an empty list", z.array(z.int()).readonly(), "", []],
    ["a list as JSON", z.array(z.string()), '["a,b", "c"]', ["a,b", "c"]],
    ["no list of broken JSON", z.array(z.string()), "[a", "[a"],
    ["a mapping", z.record(z.string(), z.int()), "a=1, b=2", { a: 1, b: 2 }],
    ["a mapping with equal signs inside", z.record(z.string(), z.string()), "q=a=b", { q: "a=b" }],
    ["an empty mapping", z.record(z.string(), z.string()), "", {}],
    ["no mapping without equal signs", z.record(z.string(), z.string()), "a,b", "a,b"],
    ["an object as JSON", z.strictObject({ a: z.int() }), '{"a": "1"}', { a: 1 }],
    ["the first alternative that fits", z.union([z.int(), z.boolean(), z.string()]), "true", true],
    ["itself, where no alternative fits", z.union([z.int(), z.boolean()]), "x", "x"],
    ["what a transformation takes", z.int().transform((days) => days * 24), "2", 2],
  ];
  for (const [title, schema, text, value] of table) {
    it(`means ${title}: ${JSON.stringify(text)}`, () => assert.deepEqual(meant(schema, { text }), value));
  }
});

describe("a value from the file", () => {
  it("keeps its type, which the schema validates", () => {
    for (const typed of ["5", 5, true, null, [1, "2"], { a: "1" }]) {
      assert.deepEqual(meant(z.array(z.int()), { typed }), typed);
      assert.deepEqual(meant(z.union([z.int(), z.strictObject({ a: z.int() })]), { typed }), typed);
    }
  });

  it("does not change prototypes", () => {
    const typed: unknown = JSON.parse('{"__proto__": {"polluted": true}, "a": "b"}');
    const value = meant(z.record(z.string(), z.string()), { typed });
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.ok(!("polluted" in {}));
  });
});
