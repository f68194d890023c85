import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryShell } from "../testing/memory-shell.ts";
import { readInput } from "./input.ts";

const shell = memoryShell({
  files: { "order.json": '{"cents": 5, "to": {"name": "Anna"}}', "-": "[1]", "bad.json": "{" },
});

describe("inputs on a command line", () => {
  const cases: readonly (readonly [what: string, parts: readonly string[], input: unknown])[] = [
    ["nothing is no input", [], undefined],
    ["JSON is taken as it is", ['{"a": 1}'], { a: 1 }],
    ["a file is read", ["@order.json"], { cents: 5, to: { name: "Anna" } }],
    ["standard input is read", ["-"], [1]],
    ["parts are put together", ["a=1", "b=true", "c=text", "d=null"], { a: 1, b: true, c: "text", d: null }],
    ["parts of parts too", ["to.name=Ben", "to.city=Bern"], { to: { name: "Ben", city: "Bern" } }],
    [
      "a part says something else than the file",
      ["@order.json", "to.name=Ben"],
      { cents: 5, to: { name: "Ben" } },
    ],
    ["a list is JSON", ['articles=["violin"]'], { articles: ["violin"] }],
    ["what only looks like JSON is text", ["a=[x", "b=12 apples", "c="], { a: "[x", b: "12 apples", c: "" }],
    ["text in quotes is text", ['a="5"'], { a: "5" }],
    ["equals signs may be in a value", ["a=b=c"], { a: "b=c" }],
  ];
  for (const [title, parts, input] of cases)
    it(title, async () => assert.deepEqual(await readInput(parts, shell), input));

  it("numbers keep every digit", async () => {
    const input = await readInput(['{"a": 9007199254740993}', "b=12345678901234567890", "c=0.5"], shell);
    assert.equal(JSON.stringify(input), '{"a":9007199254740993,"b":12345678901234567890,"c":0.5}');
    assert.equal(JSON.stringify(await readInput(["a=9007199254740993", "a.b=1"], shell)), '{"a":{"b":1}}');
  });

  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [["{"], /Invalid JSON in the input/],
    [["@bad.json"], /Invalid JSON in bad.json/],
    [["@none.json"], /none.json cannot be read: file not found/],
    [["[1]", "a=1"], /Pass the input once/],
    [
      ["to.name=Ben", "@order.json", "to.name=Eve"],
      /`to.name` is set twice\. Pass each field of the input once\./,
    ],
    [["Anna"], /Invalid JSON in the input: `Anna` is a word\./],
  ];
  for (const [parts, pattern] of refusals)
    it(`${parts.join(" ")} is refused in words`, async () =>
      await assert.rejects(readInput(parts, shell), pattern));

  it("a name that every object has is no way to its prototype", async () => {
    const input = await readInput(["__proto__.polluted=1", "__proto__.more=2"], shell);
    assert.equal(Object.getPrototypeOf(input), Object.prototype);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.deepEqual(Object.keys(input as object), ["__proto__"]);
  });
});
