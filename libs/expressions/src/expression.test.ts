import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  compileExpression,
  evaluationRefusal,
  type Json,
  nullable,
  objectOf,
  type Program,
  printType,
  scopeOf,
  type Type,
  typeOfSchema,
  types,
} from "./index.ts";

const order = typeOfSchema({
  type: "object",
  properties: {
    total: { type: "number" },
    count: { type: "integer" },
    note: { type: ["string", "null"] },
    items: {
      type: "array",
      items: { type: "object", properties: { sku: { type: "string" }, quantity: { type: "integer" } } },
    },
  },
});
const scope = scopeOf({
  input: order,
  any: types.dyn,
  "tasks.ship.output": types.dyn,
  "tasks.ship.status": types.string,
  "tasks.my-task.output": types.dyn,
});

function program(text: string, expectedType?: Type): Program {
  const compiled = compileExpression(text, scope, expectedType === undefined ? {} : { expectedType });
  assert.ok(compiled.ok, compiled.ok ? "" : compiled.problems.map(({ message }) => message).join("\n"));
  return compiled.program;
}

function evaluate(text: string, values: Readonly<Record<string, Json>>) {
  const compiled = program(text);
  return compiled.evaluate((place) => values[compiled.references[place] ?? ""]);
}

function valueIn(text: string, values: Readonly<Record<string, Json>> = {}): Json {
  const evaluation = evaluate(text, values);
  assert.ok(evaluation.ok, evaluation.ok ? "" : evaluation.problem.message);
  return evaluation.value;
}

function problemOf(text: string, values: Readonly<Record<string, Json>> = {}) {
  const evaluation = evaluate(text, values);
  assert.ok(!evaluation.ok, "expected a problem");
  return evaluation.problem;
}

describe("an expression", () => {
  const input = {
    total: 7.5,
    count: 5,
    note: null,
    items: [
      { sku: "a", quantity: 2 },
      { sku: "b", quantity: 3 },
    ],
  };

  for (const [text, value] of [
    ["input.total > 5", true],
    ["input.count / 2", 2],
    ["input.total / 2", 3.75],
    ["input.items.map(item, item.quantity / 2)", [1, 1]],
    ["input.items[1].quantity % 2 == 1", true],
    ["any.n + 1", 2],
    ["any.n * 1.5", 1.5],
    ["input.note == null", true],
    ["has(input.note)", true],
    ["has(any.missing)", false],
    ["has(any.missing) ? any.missing : 'none'", "none"],
    ["any.missing == 1 || input.total > 5", true],
    ["{'sum': input.total + input.count, 'list': [1u, 2]}", { sum: 12.5, list: [1, 2] }],
    ["timestamp('2026-01-31T23:30:00Z') + duration('1h')", "2026-02-01T00:30:00Z"],
    ["duration('90s')", "90s"],
    ["b'abc'", "YWJj"],
    ["9007199254740993", "9007199254740993"],
    ["lists.range(3).map(n, n * n)", [0, 1, 4]],
    ["{1: 'one', true: 2}", { 1: "one", true: 2 }],
    ["input", input],
  ] as const) {
    it(`${text} evaluates to ${JSON.stringify(value)}`, () => {
      assert.deepEqual(JSON.parse(JSON.stringify(valueIn(text, { input, any: { n: 1 } }))), value);
    });
  }

  it("returns a part of a variable without copying it", () => {
    assert.equal(valueIn("input.items", { input }), input.items);
  });

  it("names the longest variables that it reads, each once and in order", () => {
    const { references, passes } = program(
      "tasks.ship.output.box + any.a + tasks['my-task'].output.x + any.b",
    );
    assert.deepEqual(references, ["tasks.ship.output", "any", "tasks.my-task.output"]);
    assert.equal(passes, undefined);
    assert.equal(program("tasks.ship.output").passes, 0);
  });

  it("reads only the variables that it needs, each once", () => {
    const compiled = program("input.count > 3 || any.x == tasks.ship.output");
    const requests: string[] = [];
    compiled.evaluate((place) => {
      requests.push(compiled.references[place] ?? "");
      return input;
    });
    assert.deepEqual(requests, ["input"]);
  });

  it("separates variables of loops from outer variables", () => {
    assert.deepEqual(valueIn("[1, 2].map(input, [3].map(any, any + input))", { input, any: 1 }), [[4], [5]]);
  });

  it("sees no property that JavaScript adds", () => {
    for (const name of ["constructor", "__proto__", "toString", "length"])
      assert.equal(valueIn(`has(any.${name})`, { any: {} }), false, name);
    assert.equal(problemOf("any.length", { any: [1] }).code, "no_such_overload");
    assert.deepEqual(Object.keys(valueIn("{'__proto__': 1}") as object), ["__proto__"]);
  });
});

describe("types of an expression", () => {
  for (const [text, type] of [
    ["input.count", "int"],
    ["input.count + 1.5", "double"],
    ["[1, 'a']", "list(dyn)"],
    ["[[], [1]]", "list(list(int))"],
    ["input.items.map(i, i.sku)", "list(string)"],
    ["input.items.filter(i, true)[0].quantity", "int"],
    ["{'a': 1}", "map(string, int)"],
    ["any.x ? 1 : 2", "int"],
    ["tasks.ship.output.y", "dyn"],
    ["tasks['my-task'].output", "dyn"],
    ["input.count-input.count", "int"],
    ["math.greatest(1, 2)", "int"],
  ] as const) {
    it(`${text} is ${type}`, () => assert.equal(printType(program(text).type), type));
  }
});

describe("an error in an expression", () => {
  for (const [text, code, at, message] of [
    ["input.totl > 1", "unknown_field", 6, "unknown field `totl`. Did you mean `total`?"],
    ["inptu.total", "unknown_name", 0, "unknown name `inptu.total`. Did you mean `input`?"],
    [
      "tasks.shop.output.x",
      "unknown_name",
      0,
      "unknown name `tasks.shop.output.x`. Did you mean `tasks.ship.output`?",
    ],
    [
      "1 + tasks.my-task.output",
      "unknown_name",
      4,
      "`tasks.my-task.output` is a subtraction; write `tasks['my-task'].output`",
    ],
    ["input.total + 'a'", "type_mismatch", 12, "`+` does not take double and string"],
    ["input.count == 'a'", "type_mismatch", 12, "`==` does not take int and string"],
    ["input.count && true", "type_mismatch", 0, "expected a bool of `&&`, got int"],
    ["siz(input.items)", "unknown_function", 0, "unknown function `siz`. Did you mean `size`?"],
    ["input.items.map(x)", "unknown_function", 12, "`map` takes other arguments: 1 were given"],
    ["size(1)", "type_mismatch", 0, "`size` does not take (int)"],
    ["'a'.matches('(')", "invalid_argument", 12, 'the pattern "(" does not close a group'],
    ["1 +", "syntax", 3, "expected a value, a name, `(`, `[` or `{`, got the end"],
    ["a b", "syntax", 2, "expected an operator or the end, got `b`"],
    ["'open", "syntax", 0, "a text is not closed"],
    ["9223372036854775808", "out_of_range", 0, "9223372036854775808 does not fit 64 bits"],
    ["input.total.x", "type_mismatch", 12, "expected a map before `.x`, got double"],
  ] as const) {
    it(`${text}: ${message}`, () => {
      const compiled = compileExpression(text, scope);
      assert.ok(!compiled.ok);
      const [problem] = compiled.problems;
      assert.deepEqual([problem?.code, problem?.at, problem?.message], [code, at, message]);
    });
  }

  it("is reported all at once", () => {
    const compiled = compileExpression("input.totl + inptu.x > siz(1) && input.count", scope);
    assert.equal(compiled.ok ? 0 : compiled.problems.length, 4);
  });

  it("includes a type other than the expected type", () => {
    const compiled = compileExpression("input.count", scope, { expectedType: types.bool });
    assert.equal(compiled.ok ? "" : compiled.problems[0]?.message, "expected a bool, got int");
    assert.ok(compileExpression("any", scope, { expectedType: types.bool }).ok);
    assert.ok(
      compileExpression("input.note == null ? input.note : null", scope, {
        expectedType: nullable(types.string),
      }).ok,
    );
  });

  it("is nesting beyond the limit, however it is written", () => {
    for (const text of [
      "(".repeat(300),
      "!".repeat(300),
      "-".repeat(300),
      "[".repeat(300),
      `1${"+1".repeat(300)}`,
      `a${".b".repeat(300)}`,
    ]) {
      const compiled = compileExpression(text, scope);
      assert.equal(compiled.ok ? "" : compiled.problems[0]?.code, "too_large", text.slice(0, 5));
    }
    assert.ok(compileExpression(`true${" && true".repeat(2_000)}`, scope).ok);
    assert.equal(compileExpression(`'${"x".repeat(20_000)}'`, scope).ok, false);
  });
});

describe("an evaluation that fails", () => {
  it("reports the position, the reason and the inputs, without secrets", () => {
    const problem = problemOf("any.password == 'x' &&\n any.list[3] > 1", {
      any: { password: "x", list: [1, 2], note: "token=abcdef" },
    });
    assert.deepEqual(problem, {
      code: "out_of_range",
      message: "expected an index from 0 to 1, got 3",
      expected: "",
      expression: "any.password == 'x' &&\n any.list[3] > 1",
      line: 2,
      column: 10,
      inputs: { any: '{"password": [redacted], "list": [1, 2], "note": "token=[redacted]"}' },
    });
    const refusal = evaluationRefusal(problem);
    assert.equal(refusal.code, "expressions.failed");
    assert.equal(refusal.details["column"], "10");
  });

  for (const [text, code] of [
    ["any.missing", "no_such_key"],
    ["tasks.ship.output", "missing_value"],
    ["1 / (size([]) - 0)", "divided_by_zero"],
    ["9223372036854775807 + size([1])", "out_of_range"],
    ["any.text + 1", "no_such_overload"],
    ["int(any.text)", "invalid_argument"],
    ["any.half ? 1 : 2", "no_such_overload"],
    ["0.0 / 0.0", "out_of_range"],
    ["input.count", "out_of_range"],
  ] as const) {
    it(`${text} fails with ${code}`, () => {
      assert.equal(problemOf(text, { any: { text: "a", half: 0.5 }, input: { count: 0.5 } }).code, code);
    });
  }

  it("names the value that has no fields", () => {
    assert.equal(
      problemOf("any.gone.name", { any: { gone: null } }).message,
      "`.name` needs a map, got null",
    );
    assert.equal(
      problemOf("any.text.name", { any: { text: "a" } }).message,
      "`.name` needs a map, got string",
    );
  });

  it("stops an expression that explodes, and || cannot hide it", () => {
    const nested = "lists.range(1000).map(a, lists.range(1000).map(b, lists.range(1000)))";
    const problem = problemOf(`size(${nested}) > 1 || true`);
    assert.equal(problem.code, "steps_exhausted");
    assert.equal(evaluationRefusal(problem).code, "expressions.steps_exhausted");
  });

  it("counts steps for expensive operations, even in short expressions", () => {
    const long = "a".repeat(100_000);
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index]));
    for (const [text, least] of [
      ["any.long.contains(any.long + 'b')", 20_000],
      ["any.long.lastIndexOf(any.half + 'b' + any.half)", 15_000],
      ["any.long == any.other", 300],
      ["any.wide.exists(key, true)", 2_000],
      ["size(any.wide)", 500],
      ["has(any.wide.nothing) || true", 1],
      ["any.wide.nothing == 1 || true", 2_000],
      ["any.long.matches('(|||||||||||||||||||||)x')", 500_000],
      ["timestamp(0).getHours('Europe/Berlin')", 500],
      ["[any.long + 'b', any.other + 'a'].sort()", 300],
      ["[bytes(any.long)].all(b, [bytes(any.long)].all(c, lists.range(1000).all(i, b == c)))", 300_000],
      ["[bytes(any.long)].all(b, [bytes(any.long)].all(c, lists.range(1000).all(i, b <= c)))", 300_000],
      ["[bytes(any.long)].all(b, [b, b, b, b].sort().size() == 4)", 7_000],
    ] as const) {
      const evaluation = evaluate(text, {
        any: { long, half: long.slice(50_000), other: `${long.slice(1)}a`, wide },
      });
      assert.ok(evaluation.stepsUsed >= least, `${text} took ${evaluation.stepsUsed} steps`);
    }
  });

  it("stops at the limit of steps", () => {
    const compiled = program("lists.range(100).map(n, n).size()");
    assert.equal(compiled.evaluate(() => null, { stepsMax: 100 }).ok, false);
    const evaluation = compiled.evaluate(() => null, { stepsMax: 10_000 });
    assert.ok(evaluation.ok && evaluation.stepsUsed > 200 && evaluation.stepsUsed < 400);
  });

  it("passes on errors thrown by the reader of variables", () => {
    const compiled = program("any.x || true");
    assert.throws(
      () =>
        compiled.evaluate(() => {
          throw new RangeError("gone");
        }),
      RangeError,
    );
  });
});

describe("an object type", () => {
  it("has its declared fields, and other fields only if it allows them", () => {
    const open = scopeOf({ o: objectOf({ a: types.int }, types.string) });
    const compiled = compileExpression("o.b + 'x'", open);
    assert.ok(compiled.ok);
    assert.equal(printType(compiled.program.type), "string");
  });
});
