import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { styleOf } from "./style.ts";
import { cut, padEnd, safe, safeLines, widthOf, wrap } from "./text.ts";

describe("texts on a terminal", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["", 0],
    ["order", 5],
    ["größe", 5],
    ["✓ done", 6],
    ["日本", 4],
    ["e\u0301", 1],
    ["🎻", 2],
    [styleOf(true).red("abc"), 3],
  ];
  for (const [text, width] of widths)
    it(`${JSON.stringify(text)} takes ${width} columns`, () => assert.equal(widthOf(text), width));

  const hostile: readonly (readonly [string, string, string])[] = [
    ["an escape sequence", "\u001b[2Jgone", "␛[2Jgone"],
    ["a title", "\u001b]0;owned\u0007", "␛]0;owned␇"],
    ["a carriage return", "safe\rEVIL", "safe␍EVIL"],
    ["a sequence of eight bits", "\u009b31m", "�31m"],
    ["text that runs backwards", "a\u202eb", "a�b"],
    ["markup", "<b onclick=x>", "<b onclick=x>"],
    ["a line break", "one\ntwo", "one⏎two"],
  ];
  for (const [title, text, expected] of hostile)
    it(`${title} is printed, not executed`, () => assert.equal(safe(text), expected));

  it("keep line breaks if several lines are allowed", () =>
    assert.deepEqual(safeLines("a\r\nb\u0007"), ["a", "b␇"]));

  it("lose terminal sequences and line breaks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches forbidden characters
        assert.doesNotMatch(safe(text), /[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it("fit their width when cut, and end with an ellipsis", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 30 }), (text, width) => {
        const short = cut(safe(text), width);
        assert.ok(widthOf(short) <= width);
        if (short !== safe(text) && width > 0) assert.ok(short.endsWith("…"));
      }),
    );
  });

  it("are padded to their display width", () => assert.equal(padEnd("日", 4), "日  "));

  it("wrap between words, and a long word has its own line", () =>
    assert.deepEqual(wrap("one two incomprehensibilities ok", 8), [
      "one two",
      "incomprehensibilities",
      "ok",
    ]));
});
