import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesWildcard } from "./wildcard.ts";

describe("a pattern with wildcards", () => {
  const rows: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ["stock.empty", "stock.empty", true],
    ["stock.empty", "stock.emptyish", false],
    ["stock.*", "stock.empty", true],
    ["stock.*", "pay.empty", false],
    ["*", "", true],
    ["*.empty", "stock.empty", true],
    ["a*b*c", "a1b2c", true],
    ["a*b*c", "acb", false],
    ["ab*ba", "aba", false],
    ["*a*a*", "xa", false],
    // As an expression of JavaScript, this takes years.
    [`${"a*".repeat(50)}b`, "a".repeat(200), false],
  ];
  for (const [pattern, text, matches] of rows)
    it(`${pattern} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () =>
      assert.equal(matchesWildcard(pattern, text), matches));
});
