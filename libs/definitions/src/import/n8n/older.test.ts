import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentValues } from "../completeness.fixture.ts";
import { importN8n } from "../index.ts";
import { resultOf, textOf } from "./n8n.fixture.ts";

describe("older parameters of a node of n8n", () => {
  const item = { a: "shop", n: 5, ok: true, list: [], nothing: null };
  const strings = (operation: string | undefined, value2: unknown, value1: unknown = "={{ $json.a }}") => ({
    conditions: { string: [{ value1, ...(operation !== undefined && { operation }), value2 }] },
  });
  const numbers = (operation: string | undefined, value2: unknown) => ({
    conditions: {
      number: [{ value1: '={{$json["n"]}}', ...(operation !== undefined && { operation }), value2 }],
    },
  });
  const yes = [[item], []];
  const no = [[], [item]];

  for (const [parameters, expected] of [
    [strings("equal", "shop"), yes],
    [strings(undefined, "shop"), yes],
    [strings("notEqual", "shop"), no],
    [strings("contains", "ho"), yes],
    [strings("notStartsWith", "sh"), no],
    [strings("isEmpty", undefined), no],
    [strings("isEmpty", undefined, "={{ $json.none }}"), yes],
    [strings("isNotEmpty", undefined), yes],
    [strings("isEmpty", undefined, "={{ $json.list }}"), yes],
    [strings("contains", "a", "={{ $json.nothing }}"), no],
    [strings("regex", "^s.*p$"), yes],
    [strings("regex", "/^SHO/i"), yes],
    [strings("notRegex", "^SHO"), yes],
    [strings("regex", "x", "={{ $json.none }}"), no],
    [strings("regex", "^$", "={{ $json.nothing }}"), yes],
    [strings("regex", "(?=s)"), /looks around/],
    [strings("regex", "={{ $json.a }}"), /a computed pattern/],
    [strings("glob", "s*"), /the operation `glob` has no counterpart/],
    [numbers(undefined, 6), yes],
    [numbers("largerEqual", 6), no],
    [numbers("equal", "5"), /a value is no number/],
    [numbers("equal", "={{ $json.a }}"), no],
    [{ conditions: { boolean: [{ value1: "={{ $json.ok }}", value2: true }] } }, yes],
    [{ conditions: { dateTime: [{ value1: "={{ $json.t }}", value2: "2026-01-01" }] } }, /about a time/],
    [{ conditions: { string: [] } }, /no conditions/],
    [{ conditions: { ...strings("equal", "x").conditions, ...numbers("larger", 1).conditions } }, no],
    [
      {
        conditions: { ...strings("equal", "x").conditions, ...numbers("larger", 1).conditions },
        combineOperation: "any",
      },
      yes,
    ],
  ] as const)
    it(`of if: ${JSON.stringify(parameters)}`, () => {
      const result = resultOf("if", 1, parameters, item);
      if (expected instanceof RegExp) assert.match(String(result), expected);
      else assert.deepEqual(result, expected);
    });

  it("of filter combine their conditions", () => {
    const { conditions } = strings("equal", "x");
    const parameters = {
      conditions: { ...conditions, ...numbers("larger", 1).conditions },
      combineConditions: "OR",
    };
    assert.deepEqual(resultOf("filter", 1, parameters, item), [item]);
  });

  it("of switch lead to the first matching output, else to the fallback", () => {
    const parameters = {
      dataType: "string",
      value1: "={{ $json.a }}",
      rules: {
        rules: [
          { value2: "x" },
          { value2: "shop", output: 2 },
          { operation: "contains", value2: "sh", output: 1 },
        ],
      },
      fallbackOutput: 3,
    };
    assert.deepEqual(resultOf("switch", 1, parameters, item), [[], [], [item], []]);
    assert.deepEqual(resultOf("switch", 1, parameters, { a: "else" }), [[], [], [], [{ a: "else" }]]);
    assert.deepEqual(resultOf("switch", 1, { ...parameters, fallbackOutput: -1 }, { a: "else" }), [
      [],
      [],
      [],
      [],
    ]);
    assert.match(String(resultOf("switch", 1, { ...parameters, fallbackOutput: 7 }, item)), /output `7`/);
    const many = { rules: { rules: Array.from({ length: 2_000 }, () => ({ value2: 1 })) } };
    assert.match(String(resultOf("switch", 1, many, item)), /at most 100 rules/);
    const conditions = [{ leftValue: 1, rightValue: 2, operator: { type: "number", operation: "equals" } }];
    const values = Array.from({ length: 2_000 }, () => ({ conditions: { conditions } }));
    assert.match(String(resultOf("switch", 3, { rules: { values } }, item)), /at most 100 rules/);
    assert.match(String(resultOf("switch", 2, parameters, item)), /only `rules` have a counterpart/);
    assert.match(
      String(resultOf("switch", 1, { mode: "expression", output: "={{ 1 }}" }, item)),
      /only `rules`/,
    );
  });

  const values = {
    string: [
      { name: "a", value: "b" },
      { name: "t", value: "={{ $json.n }}" },
    ],
    number: [{ name: "m", value: 2 }],
    boolean: [{ name: "ok", value: false }],
  };
  for (const [version, parameters, expected] of [
    [1, { values }, [{ ...item, a: "b", t: 5, m: 2, ok: false }]],
    [1, { values, keepOnlySet: true }, [{ a: "b", t: 5, m: 2, ok: false }]],
    [2, { values, keepOnlySet: true }, [{ a: "b", t: "5", m: 2, ok: false }]],
    [1, {}, [item]],
    [1, { values: { boolean: [{ name: "ok", value: "={{ $json.a }}" }] } }, /`&&` does not take \(string\)/],
    [1, { values: { string: [{ name: "a.b", value: "c" }] } }, /inside another one/],
    [3, { fields: { values: [{ name: "a", stringValue: "b" }] } }, [{ ...item, a: "b" }]],
    [
      3.2,
      { fields: { values: [{ name: "l", type: "arrayValue", arrayValue: "[1, 2]" }] }, include: "none" },
      [{ l: [1, 2] }],
    ],
    [3.2, { fields: { values: [{ name: "l", type: "arrayValue", arrayValue: "{}" }] } }, /is no array/],
    [3, { fields: { values: [] }, include: "selected" }, /the fields `selected`/],
    [
      3.4,
      { assignments: { assignments: [{ id: "1", name: "b", type: "boolean", value: "true" }] } },
      [{ b: true }],
    ],
    [
      3.4,
      { assignments: { assignments: [{ id: "1", name: "o", type: "object", value: "{1" }] } },
      /is no object/,
    ],
  ] as const)
    it(`of set ${version}: ${JSON.stringify(parameters)}`, () => {
      const result = resultOf("set", version, parameters, item);
      if (expected instanceof RegExp) assert.match(String(result), expected);
      else assert.deepEqual(result, expected);
    });

  it("of other nodes are listed with their version, once for each", () => {
    const node = (name: string, typeVersion: number) => ({
      name,
      type: "n8n-nodes-base.httpRequest",
      typeVersion,
      parameters: {},
    });
    const nodes = [node("A", 1), node("B", 4.2), node("C", 1)];
    const { untranslated } = importN8n(JSON.stringify({ nodes, connections: {} }));
    const reasons = untranslated
      .map(({ reason }) => reason)
      .filter((reason) => reason.startsWith("a worker"));
    assert.deepEqual(reasons, [
      "a worker has to offer the capability `http-request` for parameters of version 1",
      "a worker has to offer the capability `http-request` for parameters of version 4.2",
    ]);
  });

  it("of a loop and of a merge without a counterpart are listed", () => {
    assert.match(String(resultOf("splitInBatches", 1, { batchSize: 1 }, item)), /a loop of version 1/);
    assert.match(String(resultOf("merge", 1, { mode: "passThrough" }, item)), /the mode `passThrough`/);
  });

  for (const [type, version, parameters] of [
    ["if", 1, { ...strings("equal", "shop"), combineOperation: "any" }],
    [
      "switch",
      1,
      { value1: 1, rules: { rules: [{ operation: "equal", value2: 2, output: 1 }] }, fallbackOutput: 0 },
    ],
    ["set", 2, { values, keepOnlySet: true, options: {} }],
    ["set", 3.2, { fields: { values: [{ name: "a", type: "numberValue", numberValue: "3" }] }, options: {} }],
  ] as const)
    it(`of ${type} ${version} are read or listed, value by value`, () => {
      assert.deepEqual(
        silentValues(textOf(type, version, parameters), (text) => importN8n(text)),
        [],
      );
    });
});
