import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseExactly } from "@tutti/expressions";
import { entriesMax, find, jsonRows, rowsMax, textMax, textOf, valueAt } from "./rows.ts";

const nothing = { toggled: new Set<string>(), whole: new Set<string>() };

describe("a JSON value as lines", () => {
  it("expands the top levels, and shows the size of collapsed values", () => {
    const value = { order: { lines: [{ sku: "violin" }] }, paid: true, note: null };
    assert.deepEqual(
      jsonRows(value, nothing).map(({ name, text, isOpen }) => [name, text, isOpen]),
      [
        [undefined, "{ 3 }", true],
        ["order", "{ 1 }", true],
        ["lines", "[ 1 ]", false],
        ["paid", "true", false],
        ["note", "null", false],
      ],
    );
    const opened = jsonRows(value, { ...nothing, toggled: new Set(["$/order/lines", "$/order/lines/0"]) });
    assert.ok(opened.some(({ path, text }) => path === "$/order/lines/0/sku" && text === "violin"));
  });

  it("keeps markup as text", () => {
    const [, row] = jsonRows({ "<b>": "<script>alert(1)</script>" }, nothing);
    assert.equal(row?.name, "<b>");
    assert.equal(row?.text, "<script>alert(1)</script>");
  });

  it("truncates long strings and lists until the user expands them", () => {
    const value = {
      text: "x".repeat(textMax + 1),
      list: Array.from({ length: entriesMax + 5 }, (_, n) => n),
    };
    const display = { ...nothing, toggled: new Set(["$/list"]) };
    const rows = jsonRows(value, display);
    assert.equal(rows.find(({ name }) => name === "text")?.text.length, textMax);
    assert.equal(rows.at(-1)?.text, "5 more");
    const full = jsonRows(value, { ...display, whole: new Set(["$/list", "$/text"]) });
    assert.equal(full.find(({ name }) => name === "text")?.text.length, textMax + 1);
    assert.equal(full.at(-1)?.text, String(entriesMax + 4));
  });

  it("is bounded, however large the value is", () => {
    const value = Array.from({ length: 300 }, () => Array.from({ length: 200 }, (_, n) => n));
    const open = new Set(["$", ...value.map((_, n) => `$/${n}`)]);
    const whole = new Set(["$"]);
    assert.ok(jsonRows(value, { toggled: open, whole }).length <= rowsMax + 300);
  });

  it("shows a bare value, and an empty object", () => {
    assert.equal(jsonRows("plain", nothing)[0]?.text, "plain");
    assert.deepEqual(
      jsonRows({}, nothing).map(({ text, canOpen }) => [text, canOpen]),
      [["{}", false]],
    );
  });
});

describe("searching a value", () => {
  const value = { customer: { name: "Anna", "a/b": [{ city: "Annaberg" }] }, total: 42 };

  it("finds names and values in any case, and their parents", () => {
    const { found, around } = find(value, "anna");
    assert.deepEqual(found, ["$/customer/name", "$/customer/a~1b/0/city"]);
    assert.ok(around.has("$/customer") && around.has("$/customer/a~1b/0"));
    assert.deepEqual(find(value, "42").found, ["$/total"]);
    assert.deepEqual(find(value, "").found, []);
  });

  it("has all digits of a whole number", () => {
    const order = parseExactly('{"id":1234567890123456789}');
    assert.deepEqual(
      jsonRows(order, nothing).map(({ kind, text }) => [kind, text]),
      [
        ["object", "{ 1 }"],
        ["number", "1234567890123456789"],
      ],
    );
  });

  it("leads back to the value", () => {
    assert.equal(valueAt(value, "$/customer/a~1b/0/city"), "Annaberg");
    assert.equal(valueAt(value, "$/customer/none/0"), undefined);
    assert.equal(textOf(valueAt(value, "$/total")), "42");
    assert.equal(textOf("as it is"), "as it is");
  });
});
