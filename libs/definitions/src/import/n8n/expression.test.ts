import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileTemplate, type Json, scopeOf, types } from "@tutti/expressions";
import { template, UnsupportedConstruct } from "../cel.ts";
import { N8nExpressionReader } from "./expression.ts";
import { Zone } from "./time.ts";

interface Data {
  readonly name: string;
  readonly list: string[];
  readonly n: number;
  readonly text?: string;
  readonly empty?: string;
  readonly nothing?: null;
  readonly yes?: boolean;
}

/** A result that differs from every value. */
const failed = "the run fails";

function read(expression: string, notes: string[] = []): string {
  return new N8nExpressionReader(expression, {
    roots: {
      $json: "item",
      "$input.item.json": "item",
      "$execution.id": "run.id",
      "$workflow.name": '"shop"',
    },
    zone: () => new Zone("Europe/Berlin"),
    itemOf: (node, which) => `tasks["${node}"].${which}`,
    variable: (name) => `parameters.${name}`,
    note: (construct) => notes.push(construct),
  }).read().cel;
}

function computed(cel: string, values: Readonly<Record<string, Json>>): unknown {
  const scope = scopeOf(Object.fromEntries(Object.keys(values).map((name) => [name, types.dyn])));
  const compiled = compileTemplate(template(cel), scope);
  assert.ok(compiled.ok, `${cel}: ${JSON.stringify(compiled)}`);
  const [value = null] = Object.values(values);
  const result = compiled.program.evaluate(() => value);
  return result.ok ? JSON.parse(JSON.stringify(result.value)) : failed;
}

const samples: readonly Data[] = [
  { name: "Ada Lovelace", list: ["a", "b", "c"], n: 5 },
  { name: " x,y,,z ", list: [], n: -2.5, empty: "", nothing: null, text: "5", yes: true },
  { name: "", list: ["violin"], n: 0, text: "five" },
  { name: "Ärger \ud83d\ude00 Straße\ufeff", list: ["\ud83d\ude00"], n: 1e21, text: "\u212a" },
];

const same: readonly (($json: Data) => unknown)[] = [
  ($json) => $json.name.toLowerCase(),
  ($json) => $json.name.toUpperCase(),
  ($json) => $json.name.trim(),
  ($json) => $json.name.trim().toLowerCase().includes("ada"),
  ($json) => $json.name.length,
  ($json) => $json.list.length,
  ($json) => $json.name.includes("x"),
  ($json) => $json.list.includes("b"),
  ($json) => $json.list.includes($json.name),
  ($json) => $json.name.slice(1, 4),
  ($json) => $json.name.slice(-3),
  ($json) => $json.name.slice(2),
  ($json) => $json.name.slice(-4, -1),
  ($json) => $json.name.slice(4, 1),
  ($json) => $json.name.slice(0, 100),
  ($json) => $json.list.slice(-2),
  ($json) => $json.list.slice(1, -1),
  ($json) => $json.list.slice(5),
  ($json) => $json.name.split(","),
  ($json) => $json.name.split(""),
  ($json) => $json.name.split(" ")[0],
  ($json) => $json.name.split(",").length,
  ($json) => $json.name.split(",").slice(1).join(";"),
  ($json) => $json.name.split(",").includes("y"),
  ($json) => $json.list.join(),
  ($json) => $json.name.startsWith("Ada") || $json.name.endsWith(" "),
  ($json) => $json.n * 2 - 1,
  ($json) => $json.n / 2,
  ($json) => $json.n % 2,
  ($json) => $json.n === 5,
  ($json) => $json.name !== "",
  ($json) => $json.nothing == null,
  ($json) => $json.empty === undefined,
  ($json) => ($json.n > 0 ? "more" : "less"),
  ($json) => ($json.name.length > 5 && $json.n >= 5 ? $json.list[0] : null),
  ($json) => $json.empty || "none",
  ($json) => $json.text ?? $json.name,
  ($json) => $json.nothing ?? "none",
  ($json) => !($json.n < 0),
  ($json) => -$json.n,
  ($json) => [$json.name, $json.n, true],
  ($json) => ({ name: $json.name, "the n": $json.n }),
  () => "a\n\u0041\x42'".length,
];

describe("an expression of n8n", () => {
  for (const each of same) {
    const expression = each.toString().replace(/^\((?:\$json)?\)\s*=>\s*/, "");
    it(`has the result of JavaScript, or fails: ${expression}`, () => {
      const cel = read(expression);
      let agreeing = 0;
      for (const item of samples) {
        const result = computed(cel, { item: { ...item } });
        if (result === failed) continue;
        assert.deepEqual(
          result,
          JSON.parse(JSON.stringify(each(item) ?? null)),
          `${cel} of ${JSON.stringify(item)}`,
        );
        agreeing++;
      }
      assert.ok(agreeing > 0, cel);
    });
  }

  for (const [expression, value, expected] of [
    ["'It\\'s ' + $json.v + '!'", "Ada", "It's Ada!"],
    ["'n: ' + $json.v", 5, "n: 5"],
    ["'n: ' + $json.v", [5], failed],
    ["$json.v + 1", 5, 6],
    ["$json.v == 5", 5, true],
    ["$json.v == 5", null, false],
    // JavaScript converts one of the values.
    ["$json.v == 5", "5", failed],
    ["$json.v == '5'", 5, failed],
    ["$json.v != 'paid'", "open", true],
    ["$json.v == 'paid'", 5, false],
    ["$json.v == $json.v", "a", true],
    ["$json.v == true", 1, failed],
    ["$json.v == null", null, true],
    ["$json.w == null", null, true],
    ["$json.w === undefined", null, true],
    ["$json.v === null", null, true],
  ] as const)
    it(`has the result of JavaScript, or fails: ${expression} of ${JSON.stringify(value)}`, () => {
      assert.deepEqual(computed(read(expression), { item: { v: value as Json } }), expected);
    });

  it("changes the case of each letter as JavaScript, or fails", () => {
    const [lower, upper] = [read("$json.toLowerCase()"), read("$json.toUpperCase()")];
    const characters = Array.from({ length: 0x110000 }, (_, code) => code)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => String.fromCodePoint(code));
    const other = (text: string) => text.toLowerCase() !== text || text.toUpperCase() !== text;
    for (const item of [...characters.filter(other), "ß", "ü", "1", "\u4e2d"]) {
      const [small, large] = [computed(lower, { item }), computed(upper, { item })];
      assert.ok(small === item.toLowerCase() || small === failed, item);
      assert.ok(large === item.toUpperCase() || large === failed, item);
    }
    assert.equal(computed(lower, { item: "GRÜN".replace("Ü", "ü") }), "grün");
    assert.equal(computed(upper, { item: "\u4e2d a" }), "\u4e2d A");
  });

  it("trims each character as JavaScript, or fails", () => {
    const trim = read("$json.trim()");
    for (let code = 0; code < 0x3100; code++) {
      const item = `${String.fromCharCode(code)}a${String.fromCharCode(code)}`;
      const found = computed(trim, { item });
      assert.ok(found === item.trim() || found === failed, code.toString(16));
    }
  });

  for (const [expression, why] of [
    ["$json.a & 1", ""],
    ["$json.list.map(x => x + 1)", ""],
    ["$json?.a", ""],
    ["$json.a.slice($json.n)", "`slice` with these arguments"],
    ["$json.a.split(',', 2)", "`split` with these arguments"],
    ["$json.a.toFixed(2)", "`toFixed` with these arguments"],
    ["$json.a && $json.b", "`&&` of other values than booleans"],
    ["'a' * 2", "`*` of other values than numbers"],
    ["$now.minus({ months: 1 }).toISO()", "the unit `months`"],
    ["$now.minus({ days: 1.5 }).toISO()", "a part of `days`"],
    ["$now.toFormat('LLL')", "`LLL` in a format"],
    ["$now == $today", "compares times by identity"],
    ["$('A').all()", "`all` of a node"],
    ["$(name).first().json", "the name of the node is computed"],
    ["undefined", "no value of JSON"],
    ["`a${1}`", ""],
    ["[1] + 'a'", "that has none"],
    ["$env.A", ""],
  ] as const)
    it(`has no counterpart: ${expression}`, () => {
      assert.throws(
        () => read(expression),
        (error: Error) => {
          assert.ok(error instanceof UnsupportedConstruct);
          assert.match(error.message, /^the expression `.*` has no counterpart/);
          return error.message.includes(why);
        },
      );
    });

  it("reads other nodes, variables, the run and the workflow", () => {
    assert.equal(read("$('Get it').first().json.id"), 'tasks["Get it"].first.id');
    assert.equal(read('$("A").item.json["b c"]'), 'tasks["A"].item["b c"]');
    assert.equal(read("$vars.base + '/x'"), '(string(parameters.base) + "/x")');
    assert.equal(read("$workflow.name + $execution.id"), '("shop" + string(run.id))');
    assert.equal(read("$input.item.json.a"), "item.a");
  });
});

describe("a time of n8n", () => {
  const at = (zone: string, expression: string, startTime: string) => {
    const cel = new N8nExpressionReader(expression, {
      ...{
        roots: {},
        zone: () => new Zone(zone),
        itemOf: () => "",
        variable: () => "",
        note: () => undefined,
      },
    }).read().cel;
    return computed(cel, { run: { startTime } });
  };

  // Expectations are results of Luxon 3.7.
  for (const [zone, expression, startTime, expected] of [
    ["UTC", "$now", "2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000Z"],
    ["UTC", "$now.minus({ days: 1, hours: 2 })", "2026-03-01T01:30:00.5Z", "2026-02-27T23:30:00.500Z"],
    ["UTC", "$today", "2026-03-01T09:30:00Z", "2026-03-01T00:00:00.000Z"],
    ["UTC", "$now.toMillis()", "2026-03-01T09:30:00.007Z", 1772357400007],
  ] as const)
    it(`in ${zone} at ${startTime}: ${expression}`, () => {
      assert.equal(at(zone, expression, startTime), expected);
    });
});
