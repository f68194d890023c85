import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileTemplate, type Json, scopeOf, types } from "@tutti/expressions";
import { template, UnsupportedConstruct } from "../cel.ts";
import type { Members } from "../foreign-document.ts";
import { mergedItems } from "./merge.ts";

function translated(parameters: Members, version = 3.1): string {
  return mergedItems({
    ...{ parameters, version, inputs: ["input.a", "input.b"] },
    ...{ at: (...keys) => keys, note: () => undefined },
  });
}

function computed(parameters: Members, a: Json, b: Json): unknown {
  const compiled = compileTemplate(template(translated(parameters)), scopeOf({ input: types.dyn }));
  assert.ok(compiled.ok, JSON.stringify(compiled));
  const result = compiled.program.evaluate(() => ({ a, b }));
  return result.ok ? JSON.parse(JSON.stringify(result.value)) : result.problem.message;
}

const position = { mode: "combine", combineBy: "combineByPosition" };
const clash = (values: Members, more: Members = {}) => ({ options: { clashHandling: { values }, ...more } });
const fields = (joinMode: string, more: Members = {}) => ({
  ...{ mode: "combine", fieldsToMatchString: "id", joinMode },
  ...more,
});
const one = [{ id: 1, from: "a" }, { id: 2, from: "a", nested: { x: 1 } }, { from: "a" }];
const other = [{ id: 2, from: "b", price: 5 }, { id: 2, from: "b", price: 7 }, { id: 9 }];

describe("a merge of n8n", () => {
  for (const [parameters, expected] of [
    [{}, [...one, ...other]],
    [
      position,
      [
        { id: 2, from: "b", price: 5 },
        { id: 2, from: "b", price: 7, nested: { x: 1 } },
        { id: 9, from: "a" },
      ],
    ],
    [
      { ...position, ...clash({ resolveClash: "preferInput1" }) },
      [
        { id: 1, from: "a", price: 5 },
        { id: 2, from: "a", price: 7, nested: { x: 1 } },
        { id: 9, from: "a" },
      ],
    ],
    [
      fields("keepMatches"),
      [
        { id: 2, from: "b", price: 5, nested: { x: 1 } },
        { id: 2, from: "b", price: 7, nested: { x: 1 } },
      ],
    ],
    [fields("keepMatches", { outputDataFrom: "input1" }), [one[1]]],
    [fields("keepMatches", { outputDataFrom: "input2" }), [other[0], other[1]]],
    [fields("keepNonMatches", { outputDataFrom: "input1" }), [one[0], one[2]]],
    [fields("keepNonMatches", { outputDataFrom: "input2" }), [other[2]]],
    [
      fields("enrichInput1"),
      [
        { id: 2, from: "b", price: 5, nested: { x: 1 } },
        { id: 2, from: "b", price: 7, nested: { x: 1 } },
        one[0],
        one[2],
      ],
    ],
    [
      fields("enrichInput2"),
      [
        { id: 2, from: "a", price: 5, nested: { x: 1 } },
        { id: 2, from: "a", price: 7, nested: { x: 1 } },
        other[2],
      ],
    ],
    [
      { ...fields("keepEverything"), ...clash({ resolveClash: "preferInput1", mergeMode: "shallowMerge" }) },
      [
        { id: 2, from: "a", price: 5, nested: { x: 1 } },
        { id: 2, from: "a", price: 7, nested: { x: 1 } },
        one[0],
        one[2],
        other[2],
      ],
    ],
    [{ mode: "combine", advanced: true, mergeByFields: { values: [{ field1: "id", field2: "price" }] } }, []],
  ] as const)
    it(`combines items: ${JSON.stringify(parameters)}`, () => {
      assert.deepEqual(computed(parameters, one, other), expected);
    });

  it("combines items without a counterpart only if it includes them", () => {
    const [a, b] = [[{ x: 1 }, { x: 2 }], [{ y: 1 }]];
    assert.deepEqual(computed(position, a, b), [{ x: 1, y: 1 }]);
    const all = { ...position, options: { includeUnpaired: true } };
    assert.deepEqual(computed(all, a, b), [{ x: 1, y: 1 }, { x: 2 }]);
    assert.deepEqual(computed(all, [], b), [{ y: 1 }]);
    assert.deepEqual(computed(fields("keepEverything"), [], b), b);
  });

  it("fails for lists and maps in the same field, which n8n combines. With a shallow merge, it does not", () => {
    const [a, b] = [[{ x: { p: 1 } }], [{ x: { q: 2 } }]];
    assert.match(String(computed(position, a, b)), /a list or map in the same field/);
    const shallow = { ...position, ...clash({ mergeMode: "shallowMerge" }) };
    assert.deepEqual(computed(shallow, a, b), b);
    assert.deepEqual(computed(position, a, [{ x: null }]), [{ x: null }]);
  });

  for (const [parameters, why, version] of [
    [{ mode: "chooseBranch" }, /the mode `chooseBranch`/],
    [{ mode: "combine", combineBy: "combineAll" }, /`combineAll`/],
    [{ ...position, numberInputs: 3 }, /only two inputs/],
    [{ ...position, ...clash({ resolveClash: "addSuffix" }) }, /`addSuffix`/],
    [{ ...position, ...clash({ overrideEmpty: true }) }, /empty fields/],
    [{ ...position, options: { other: 1 } }, /the option `other`/],
    [fields("keepMatches", { fieldsToMatchString: "a.b" }), /inside another one/],
    [fields("keepMatches", { fieldsToMatchString: "" }), /no names of fields/],
    [fields("keepMatches", { options: { fuzzyCompare: true } }), /converts values/],
    [fields("keepMatches", { options: { multipleMatches: "first" } }), /only all matches/],
    [fields("keepNonMatches"), /`keepNonMatches` with data from `both`/],
    [fields("keepMatches"), /of version 2.1/, 2.1],
  ] as const)
    it(`has no counterpart: ${JSON.stringify(parameters)}`, () => {
      assert.throws(
        () => translated(parameters, version),
        (error: Error) => error instanceof UnsupportedConstruct && why.test(error.message),
      );
    });
});
