import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fastCheck from "fast-check";
import { addressesIn, asSentence, blocksOf, inlinePartsOf, ranked } from "./markdown.ts";

describe("Markdown of people", () => {
  it("has headings, lists, paragraphs and code", () => {
    const text = "# One\n\ntwo\nthree\n- a\n- b `c`\n## Four\n```\n# no heading\n```\nfive";
    assert.deepEqual(blocksOf(text), [
      { kind: "heading", level: 1, text: "One" },
      { kind: "text", text: "two three" },
      { kind: "list", items: ["a", "b `c`"] },
      { kind: "heading", level: 2, text: "Four" },
      { kind: "code", text: "# no heading" },
      { kind: "text", text: "five" },
    ]);
  });

  it("ranks headings without gaps from a level on", () => {
    const levels = ranked(blocksOf("# a\n### b\n###### c\n# d"), 3).map(
      (block) => block.kind === "heading" && block.level,
    );
    assert.deepEqual(levels, [3, 4, 5, 3]);
  });

  it("separates code from text, and keeps a single backtick as text", () => {
    assert.deepEqual(inlinePartsOf("run `a b` now"), ["run ", "a b", " now"]);
    assert.deepEqual(inlinePartsOf("it`s"), ["it`s"]);
  });

  it("ends with any text, and loses no word of it", () => {
    const line = fastCheck.oneof(
      fastCheck.constantFrom("", "```", "# a", "- b", "*", "#", "  - c", "``` x"),
      fastCheck.string(),
    );
    fastCheck.assert(
      fastCheck.property(fastCheck.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.join("\n").replaceAll("\r", "");
        const rendered = JSON.stringify(blocksOf(text));
        for (const word of text.match(/[a-z]{2,}/g) ?? []) assert.ok(rendered.includes(word), word);
      }),
    );
  });
});

describe("a phrase of the platform", () => {
  for (const [phrase, sentence] of [
    ["start a worker that offers render.film", "Start a worker that offers render.film."],
    ["Resume the run.", "Resume the run."],
    ["is it well?", "Is it well?"],
    ["1 task waits", "1 task waits."],
    ["", ""],
  ] as const)
    it(`${JSON.stringify(phrase)} is the sentence ${JSON.stringify(sentence)}`, () =>
      assert.equal(asSentence(phrase), sentence));
});

describe("addresses in a text", () => {
  it("are web and documentation links, without the punctuation after them", () => {
    assert.deepEqual(addressesIn("Runbook: https://t.example/docs/a.html#runs-fail."), [
      ...["Runbook: ", "https://t.example/docs/a.html#runs-fail", "."],
    ]);
    assert.deepEqual(addressesIn("Runbook: /docs/guides/runbooks.html#runs-fail"), [
      ...["Runbook: ", "/docs/guides/runbooks.html#runs-fail", ""],
    ]);
    for (const text of ["see javascript:alert(1)", "and/docs/x", "//docs/x", "ftp://a"])
      assert.deepEqual(addressesIn(text), [text]);
  });
});
