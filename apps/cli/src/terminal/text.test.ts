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
  for (const [what, text, shown] of hostile)
    it(`${what} is shown, not obeyed`, () => assert.equal(safe(text), shown));

  it("lines stay lines where lines are wanted", () =>
    assert.deepEqual(safeLines("a\r\nb\u0007"), ["a", "b␇"]));

  it("any text is left without terminal sequences and line breaks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches forbidden characters
        assert.doesNotMatch(safe(text), /[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it("what is cut takes no more than it may, and says that it was cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 30 }), (text, width) => {
        const short = cut(safe(text), width);
        assert.ok(widthOf(short) <= width);
        if (short !== safe(text) && width > 0) assert.ok(short.endsWith("…"));
      }),
    );
  });

  it("what is padded is as wide as it is to be", () => assert.equal(padEnd("日", 4), "日  "));

  it("words are wrapped between words, and a long one stands alone", () =>
    assert.deepEqual(wrap("one two incomprehensibilities ok", 8), [
      "one two",
      "incomprehensibilities",
      "ok",
    ]));
});
