import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { capitalized, sentences } from "./sentences.ts";

describe("texts joined into sentences", () => {
  const cases: ReadonlyArray<[readonly string[], string]> = [
    [
      ["Run `nope` not found", "List runs with `tutti list`."],
      "Run `nope` not found. List runs with `tutti list`.",
    ],
    [["The worker stopped: no memory.", "Restart it."], "The worker stopped: no memory. Restart it."],
    [["Did you mean francs?", ""], "Did you mean francs?"],
    [['The agent said "no."'], 'The agent said "no."'],
    [["", " Wait "], "Wait."],
    [["2 problems:\n  - a\n  - b", "Correct them."], "2 problems:\n  - a\n  - b\nCorrect them."],
  ];
  for (const [texts, joined] of cases) {
    it(`gives ${JSON.stringify(joined)}`, () => assert.equal(sentences(...texts), joined));
  }

  it("start with a capital letter", () => assert.deepEqual(["hook", ""].map(capitalized), ["Hook", ""]));
});
