import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileExpression, type Json, printType, scopeOf, typeOfSchema } from "../src/index.ts";

const schema = {
  type: "object",
  properties: {
    i: { type: "integer" },
    d: { type: "number" },
    s: { type: "string" },
    b: { type: "boolean" },
    l: { type: "array", items: { type: "integer" } },
  },
};
const scope = scopeOf({ input: typeOfSchema(schema) });

type Kind = "int" | "double" | "string" | "bool" | "list";
type Texts = fc.Arbitrary<string>;

const leaves: Readonly<Record<Kind, Texts>> = {
  int: fc.constantFrom("input.i", "1", "-7", "0", "9223372036854775807"),
  double: fc.constantFrom("input.d", "1.5", "0.0", "-2e3"),
  string: fc.constantFrom("input.s", "'a'", "''", "'é😀'"),
  bool: fc.constantFrom("input.b", "true", "has(input.s)"),
  list: fc.constantFrom("input.l", "[1, 2]", "[input.i]"),
};

function written(write: (...parts: string[]) => string, ...parts: Texts[]): Texts {
  return fc.tuple(...parts).map((all) => write(...all));
}

/** Returns expressions of known types, built from less deep ones. */
function expressionsOf(depth: number): Readonly<Record<Kind, Texts>> {
  if (depth === 0) return leaves;
  const { int, double, string, bool, list } = expressionsOf(depth - 1);
  const choice = (type: Texts) => written((c, a, b) => `(${c} ? ${a} : ${b})`, bool, type, type);
  const infix = (a: Texts, operators: readonly string[], b: Texts) =>
    written((left, operator, right) => `(${left} ${operator} ${right})`, a, fc.constantFrom(...operators), b);
  return {
    int: fc.oneof(
      leaves.int,
      infix(int, ["+", "-", "*", "/", "%"], int),
      written((a) => `size(${a})`, fc.oneof(string, list)),
      written((a, b) => `${a}[${b}]`, list, int),
      written((a) => `int(${a})`, fc.oneof(double, string)),
      choice(int),
    ),
    double: fc.oneof(
      leaves.double,
      infix(double, ["+", "-", "*", "/"], fc.oneof(double, int)),
      written((a) => `double(${a})`, int),
      choice(double),
    ),
    string: fc.oneof(
      leaves.string,
      infix(string, ["+"], string),
      written((a) => `string(${a})`, fc.oneof(int, double, bool)),
      written((a, b) => `${a}.charAt(${b})`, string, int),
      written((a, b) => `${a}.map(x, string(x)).join(${b})`, list, string),
      choice(string),
    ),
    bool: fc.oneof(
      leaves.bool,
      infix(fc.oneof(int, double), ["==", "!=", "<", ">="], fc.oneof(int, double)),
      infix(bool, ["&&", "||", "=="], bool),
      infix(int, ["in"], list),
      written((a, b) => `${a}.exists(x, x > ${b})`, list, int),
      written((a, b) => `${a}.contains(${b})`, string, string),
      written((a) => `!${a}`, bool),
    ),
    list: fc.oneof(
      leaves.list,
      written((a, b) => `[${a}, ${b}]`, int, int),
      written((a, b) => `${a}.map(x, x + ${b})`, list, int),
      written((a, b) => `${a}.filter(x, ${b} || x > 1)`, list, bool),
      infix(list, ["+"], list),
      choice(list),
    ),
  };
}

/** Problems that a well-typed expression can still have: those of its values. */
const ofValues = new Set(["out_of_range", "divided_by_zero", "invalid_argument", "steps_exhausted"]);

const kinds: Readonly<Record<Kind, readonly [type: string, fits: (value: Json) => boolean]>> = {
  // Beyond the exact range of a double, a whole number is a text.
  int: [
    "int",
    (value) => Number.isInteger(value) || (typeof value === "string" && /^-?\d{16,19}$/.test(value)),
  ],
  double: ["double", (value) => typeof value === "number"],
  string: ["string", (value) => typeof value === "string"],
  bool: ["bool", (value) => typeof value === "boolean"],
  list: ["list(int)", (value) => Array.isArray(value)],
};

describe("an expression that the checker accepts", () => {
  const expressions = expressionsOf(3);

  for (const kind of ["int", "double", "string", "bool", "list"] as const) {
    it(`has the type ${kinds[kind][0]}, returns a value of this type, and fails only because of values`, () => {
      const inputs = fc.record({
        i: fc.integer(),
        d: fc.double({ noNaN: true, noDefaultInfinity: true }),
        s: fc.string({ unit: "binary", maxLength: 6 }),
        b: fc.boolean(),
        l: fc.array(fc.integer(), { maxLength: 4 }),
      });
      fc.assert(
        fc.property(expressions[kind], inputs, (text, input) => {
          const compiled = compileExpression(text, scope);
          assert.ok(compiled.ok, compiled.ok ? "" : `${text}: ${compiled.problems[0]?.message}`);
          const [type, fits] = kinds[kind];
          assert.equal(printType(compiled.program.type), type);
          const evaluation = compiled.program.evaluate(() => input, { stepsMax: 20_000 });
          if (evaluation.ok)
            assert.ok(fits(evaluation.value), `${text} gave ${JSON.stringify(evaluation.value)}`);
          else assert.ok(ofValues.has(evaluation.problem.code), `${text}: ${evaluation.problem.message}`);
        }),
        { numRuns: 500, seed: 4 },
      );
    });
  }
});
