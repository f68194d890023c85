import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LineCounter } from "yaml";
import { YamlDocument } from "./yaml-document.ts";
import { parseYaml } from "./yaml-text.ts";

const parsed = (text: string) =>
  parseYaml(text, { lines: new LineCounter(), depthMax: 64, uniqueKeys: true });
const codesOf = (text: string) => parsed(text).errors.map(({ code }) => code);

describe("a text of YAML", () => {
  it("is read as the library reads it", () => {
    const text = "a: &x [1, {b: 2}]\nc: *x\nd: |\n  two\n  lines\n";
    assert.deepEqual(parsed(text).toJS(), { a: [1, { b: 2 }], c: [1, { b: 2 }], d: "two\nlines\n" });
    assert.deepEqual(codesOf(text), []);
    assert.equal(parsed("").contents, null);
  });

  it("may have one document, and each key once in a mapping", () => {
    assert.deepEqual(codesOf("a: 1\n---\nb: 2\n"), ["MULTIPLE_DOCS"]);
    assert.deepEqual(codesOf("a: 1\nb: {c: 1, c: 2}\na: 2\n").sort(), ["DUPLICATE_KEY", "DUPLICATE_KEY"]);
    assert.deepEqual(codesOf("a: {c: 1}\nb: {c: 1}\n"), []);
  });

  it("stops at the first bracket that is nested too deep, and reports its position", () => {
    const text = `a:\n  ${"[".repeat(300_000)}`;
    assert.throws(() => parsed(text), { at: 76 });
    const document = new YamlDocument("tutti.yaml", text);
    assert.deepEqual(document.mistakes, ["tutti.yaml:2:74 is nested more than 64 deep"]);
    assert.deepEqual([document.root, document.plain(null)], [null, undefined]);
  });
});
