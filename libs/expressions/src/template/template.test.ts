import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Compiled,
  type CompiledData,
  compileCondition,
  compileData,
  compileTemplate,
  type Json,
  printType,
  scopeOf,
  types,
} from "../index.ts";

const scope = scopeOf({ input: types.dyn, name: types.string });
const values: Readonly<Record<string, Json>> = {
  input: { n: 3, list: [1, "a"], o: { k: null } },
  name: "Ann",
};

function evaluated(compiled: Compiled | CompiledData): Json {
  assert.ok(compiled.ok, "it compiles");
  const { program } = compiled;
  const evaluation = program.evaluate((place) => values[program.references[place] ?? ""]);
  assert.ok(evaluation.ok, evaluation.ok ? "" : evaluation.problem.message);
  return JSON.parse(JSON.stringify(evaluation.value));
}

describe("a text with expressions", () => {
  for (const [text, value] of [
    ["${{ input.n }}", 3],
    ["${{ input.list }}", [1, "a"]],
    ["n is ${{ input.n }}", "n is 3"],
    ["${{ name }}${{ name }}", "AnnAnn"],
    ["${{ {'a': {'b': 1}} }}", { a: { b: 1 } }],
    ["${{ '}}' }}", "}}"],
    ["<${{ input.o }}>", '<{"k":null}>'],
    ["$${{ name }}", "${{ name }}"],
    ["a $${{ b ${{ name }}", "a ${{ b Ann"],
    ["plain", "plain"],
    ["", ""],
  ] as const) {
    it(`${JSON.stringify(text)} evaluates to ${JSON.stringify(value)}`, () => {
      assert.deepEqual(evaluated(compileTemplate(text, scope)), value);
    });
  }

  it("has the type of its only expression, else it is a string", () => {
    const lone = compileTemplate("${{ 1 + 1 }}", scope);
    const text = compileTemplate(" ${{ 1 + 1 }}", scope);
    assert.deepEqual(
      [lone, text].map((compiled) => (compiled.ok ? printType(compiled.program.type) : "")),
      ["int", "string"],
    );
  });

  it("reports all its problems, with positions in the whole text", () => {
    const compiled = compileTemplate("a ${{ nam }} b ${{ 1 + }} c ${{ name.x }}", scope);
    assert.deepEqual(compiled.ok ? [] : compiled.problems.map(({ code, at }) => [code, at]), [
      ["unknown_name", 6],
      ["syntax", 23],
      ["type_mismatch", 37],
    ]);
  });

  it("is refused when it is not closed", () => {
    const compiled = compileTemplate("${{ name ", scope);
    assert.equal(
      compiled.ok ? "" : compiled.problems[0]?.message,
      "expected an operator or `}}`, got the end",
    );
  });

  it("reports the failed expression and the error", () => {
    const compiled = compileTemplate("x ${{ input.n }} ${{ input.gone }}", scope);
    assert.ok(compiled.ok);
    const evaluation = compiled.program.evaluate(() => values["input"]);
    assert.ok(!evaluation.ok);
    assert.deepEqual([evaluation.problem.code, evaluation.problem.column], ["no_such_key", 28]);
  });
});

describe("a condition", () => {
  it("is an expression, with or without `${{ }}`", () => {
    for (const text of ["input.n > 1", "${{ input.n > 1 }}"])
      assert.equal(evaluated(compileCondition(text, scope, { expectedType: types.bool })), true);
  });

  it("is no text with an expression in it", () => {
    const compiled = compileCondition("yes ${{ true }}", scope);
    assert.equal(compiled.ok ? "" : compiled.problems[0]?.code, "type_mismatch");
  });
});

describe("a value with expressions in its texts", () => {
  it("keeps constants and computes the other parts", () => {
    const data = { a: "${{ input.n }}", b: [1, null, "x ${{ name }}", { c: true }], d: "$${{ }}" };
    assert.deepEqual(evaluated(compileData(data, scope)), {
      a: 3,
      b: [1, null, "x Ann", { c: true }],
      d: "${{ }}",
    });
  });

  it("shares variables between its expressions, and passes a single variable through", () => {
    const both = compileData(["${{ input.n }}", "${{ input.list }}"], scope);
    assert.deepEqual(both.ok && both.program.references, ["input"]);
    const lone = compileData("${{ input }}", scope);
    assert.equal(lone.ok && lone.program.passes, 0);
    const constant = compileData({ a: [1] }, scope);
    assert.deepEqual(constant.ok && constant.program.constant, { a: [1] });
  });

  it("is null for an expression that is null, not the text of the expression", () => {
    assert.deepEqual(evaluated(compileData(["${{ input.o.k }}"], scope)), [null]);
  });

  it("reports the places of its problems", () => {
    const compiled = compileData({ a: [{ b: "${{ nope }}" }], c: "${{ name.size( }}" }, scope);
    assert.deepEqual(compiled.ok ? [] : compiled.problems.map(({ path, at }) => [path.join("."), at]), [
      ["a.0.b", 4],
      ["c", 15],
    ]);
  });

  it("is refused when it is nested too deeply", () => {
    let data: Json = "x";
    for (let depth = 0; depth < 100; depth++) data = [data];
    assert.equal(compileData(data, scope).ok, false);
  });
});
