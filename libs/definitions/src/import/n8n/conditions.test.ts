import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "@tutti/expressions";
import { importN8n } from "../index.ts";
import { type Parameters, resultOf, textOf } from "./n8n.fixture.ts";

const options = { caseSensitive: true, leftValue: "", typeValidation: "strict", version: 2 };
const condition = (
  left: unknown,
  type: string,
  operation: string,
  right: unknown = "",
  more: Parameters = {},
) => ({
  ...{ id: "c", leftValue: left, rightValue: right },
  operator: { type, operation, ...more },
});
const when = (each: Parameters, changed: Parameters = {}) => ({
  conditions: { options: { ...options, ...changed }, conditions: [each], combinator: "and" },
  options: {},
});
const item: Json = {
  ...{
    a: "Shop",
    n: 5,
    yes: true,
    no: false,
    nothing: null,
    empty: "",
    list: ["x", 2],
    map: { k: 1 },
    none: [],
  },
};

describe("a condition of n8n", () => {
  for (const [each, expected] of [
    [condition("={{ $json.a }}", "string", "equals", "Shop", { name: "filter.operator.equals" }), true],
    [condition("={{ $json.a }}", "string", "equals", "shop"), false],
    [condition("={{ $json.nothing }}", "string", "equals", ""), true],
    [condition("={{ $json.missing }}", "string", "equals", "={{ $json.empty }}"), true],
    [condition("={{ $json.a }}", "string", "notEquals", "x"), true],
    [condition("={{ $json.nothing }}", "string", "notEquals", "x"), true],
    [condition("={{ $json.a }}", "string", "contains", "ho"), true],
    [condition("={{ $json.nothing }}", "string", "contains", "ho"), false],
    [condition("={{ $json.a }}", "string", "notContains", "ho"), false],
    [condition("={{ $json.a }}", "string", "startsWith", "Sh"), true],
    [condition("={{ $json.a }}", "string", "notStartsWith", "Sh"), false],
    [condition("={{ $json.a }}", "string", "endsWith", "op"), true],
    [condition("={{ $json.a }}", "string", "notEndsWith", "op"), false],
    [condition("={{ $json.missing }}", "string", "empty", "", { singleValue: true }), true],
    [condition("={{ $json.a }}", "string", "notEmpty", "", { singleValue: true }), true],
    [condition("={{ $json.a }}", "string", "regex", "^S.*p$"), true],
    [condition("={{ $json.a }}", "string", "notRegex", "/^s/"), true],
    [condition("={{ $json.nothing }}", "string", "regex", "^$"), true],
    [condition("={{ $json.a }}", "string", "exists", "", { singleValue: true }), true],
    [condition("={{ $json.nothing }}", "string", "exists", "", { singleValue: true }), false],
    [condition("={{ $json.missing }}", "number", "notExists", "", { singleValue: true }), true],
    [condition("={{ $json.n }}", "number", "equals", 5), true],
    [condition("={{ $json.n }}", "number", "notEquals", 5), false],
    [condition("={{ $json.n }}", "number", "gte", 5), true],
    [condition("={{ $json.n }}", "number", "lt", "={{ $json.n }}"), false],
    [condition("={{ $json.yes }}", "boolean", "true", "", { singleValue: true }), true],
    [condition("={{ $json.no }}", "boolean", "false", "", { singleValue: true }), true],
    [condition("={{ $json.nothing }}", "boolean", "false", "", { singleValue: true }), true],
    [condition("={{ $json.yes }}", "boolean", "equals", "={{ $json.no }}"), false],
    [condition("={{ $json.list }}", "array", "contains", "x", { rightType: "any" }), true],
    [condition("={{ $json.missing }}", "array", "notContains", "x", { rightType: "any" }), true],
    [condition("={{ $json.list }}", "array", "contains", "={{ $json.map }}", { rightType: "any" }), false],
    [condition("={{ $json.list }}", "array", "lengthGt", 1, { rightType: "number" }), true],
    [condition("={{ $json.none }}", "array", "empty", "", { singleValue: true }), true],
    [condition("={{ $json.list }}", "array", "notEmpty", "", { singleValue: true }), true],
    [condition("={{ $json.map }}", "object", "notEmpty", "", { singleValue: true }), true],
    [condition("={{ $json.missing }}", "object", "empty", "", { singleValue: true }), true],
  ] as const)
    it(`holds as in n8n: ${JSON.stringify(each)}`, () => {
      const found = resultOf("if", 2.2, when(each), item);
      assert.deepEqual(found, expected ? [[item], []] : [[], [item]]);
      assert.deepEqual(
        importN8n(textOf("if", 2.2, when(each))).untranslated,
        [
          {
            line: 1,
            construct: "typeVersion",
            reason: "it is needed only by the editor of n8n",
            isBookkeeping: true,
          },
        ].map((entry) => ({ ...entry, line: 7 })),
      );
    });

  for (const [each, expected] of [
    [condition("={{ $json.a }}", "string", "equals", "sHOP"), true],
    [condition("={{ $json.a }}", "string", "contains", "HO"), true],
    [condition("={{ $json.a }}", "string", "notEquals", "sHOP"), false],
    [condition("={{ $json.nothing }}", "string", "endsWith", "P"), false],
    // n8n changes only the text, not the pattern.
    [condition("={{ $json.a }}", "string", "regex", "^shop$"), true],
    [condition("={{ $json.a }}", "string", "regex", "^Shop$"), false],
  ] as const)
    it(`holds without regard to case: ${JSON.stringify(each)}`, () => {
      const parameters = { ...when(each, { caseSensitive: false }), options: { ignoreCase: true } };
      assert.deepEqual(resultOf("if", 2.2, parameters, item), expected ? [[item], []] : [[], [item]]);
    });

  it("fails for letters outside ASCII if case does not matter, and lists that", () => {
    const parameters = when(condition("={{ $json.a }}", "string", "equals", "ärger"), {
      caseSensitive: false,
    });
    assert.deepEqual(resultOf("if", 2.2, parameters, { a: "ärger" }), [[{ a: "ärger" }], []]);
    const failed = resultOf("if", 2.2, parameters, { a: "Ärger" }) as readonly unknown[];
    assert.match(String(failed[0]), /toLowerCase of a letter outside ASCII/);
    const { untranslated } = importN8n(textOf("if", 2.2, parameters));
    assert.ok(untranslated.some(({ construct }) => construct === "toLowerCase"));
  });

  const text = condition("={{ $json.a }}", "string", "equals", "Shop");
  for (const [parameters, why] of [
    [when(text, { typeValidation: "loose" }), /converts values of other types/],
    [when(text, { version: 4 }), /version 4 of conditions/],
    [when(text, { leftValue: "={{ $json.a }}" }), /a common left value/],
    [when(text, { caseSensitive: "={{ $json.yes }}" }), /a computed option/],
    [{ ...when(text), looseTypeValidation: true }, /converts values of other types/],
    [{ ...when(text), options: { ignoreCase: true } }, /contradicts `caseSensitive`/],
    [
      when(condition("={{ $json.a }}", "string", "equals", "x", { singleValue: true })),
      /contradicts the operation/,
    ],
    [when(condition("={{ $json.a }}", "string", "regex", "(?!a)")), /looks around/],
    [when(condition("={{ $json.a }}", "dateTime", "after", "2026-01-01")), /`after` of dateTime/],
    [
      when(condition("={{ $json.list }}", "array", "contains", "X"), { caseSensitive: false }),
      /versions of n8n differ/,
    ],
  ] as const)
    it(`is listed: ${why}`, () => {
      assert.match(String(resultOf("if", 2.2, parameters, item)), why);
    });
});
