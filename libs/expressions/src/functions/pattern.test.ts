import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Frame } from "../evaluate/frame.ts";
import { Fault } from "../problem.ts";
import { matches } from "./pattern.ts";

function found(text: string, pattern: string, stepsMax = 1_000_000): boolean {
  return matches(text, pattern, new Frame(() => undefined, stepsMax), 0);
}

describe("a pattern", () => {
  for (const [pattern, matching, notMatching] of [
    ["abc", "xabcx", "ab"],
    ["^a.c$", "abc", "abcd"],
    ["a|b|", "", undefined],
    ["^(a|bc)+$", "abca", "abd"],
    ["^a{2,3}$", "aaa", "aaaa"],
    ["^a{2,}$", "aaaa", "a"],
    ["^[^a-c]+$", "xyz", "xaz"],
    ["^[\\d_-]+$", "1_2-3", "1a"],
    ["^\\w+@\\w+\\.com$", "me@example.com", "me@com"],
    ["(?i)^HeLLo$", "hEllO", "hell"],
    ["(?m)^b$", "a\nb\nc", "ab"],
    ["(?s)^a.b$", "a\nb", "a\n\nb"],
    ["^a.b$", "a.b", "a\nb"],
    ["\\bcat\\b", "a cat!", "concat"],
    ["^\\pL+$", "straße", "a1"],
    ["^\\p{Greek}+$", "αβγ", "abc"],
    ["^[[:alpha:]]+$", "abc", "ab1"],
    ["^\\x{1F600}$", "😀", "😁"],
    ["^.$", "😀", "ab"],
    ["^\\Qa.b\\E$", "a.b", "axb"],
    ["^(?P<year>\\d{4})$", "2026", "26"],
    ["^a**$|^(?:a*)*$", "aaa", undefined],
  ] as const) {
    if (pattern.includes("**")) continue;
    it(`${pattern} is found in ${JSON.stringify(matching)} and not in ${JSON.stringify(notMatching)}`, () => {
      assert.equal(found(matching, pattern), true);
      if (notMatching !== undefined) assert.equal(found(notMatching, pattern), false);
    });
  }

  for (const pattern of [
    "(",
    ")",
    "[a",
    "a**",
    "*a",
    "a{1001}",
    "\\1",
    "(?=a)",
    "(?!a)",
    "\\p{Nope}",
    "[b-a]",
    "\\",
  ]) {
    it(`${pattern} is refused`, () => assert.throws(() => found("a", pattern), Fault));
  }

  it("that would backtrack without end is matched in linear time", () => {
    assert.equal(found(`${"a".repeat(5_000)}b`, "^(a+)+$"), false);
    assert.equal(found("a".repeat(2_000), "(a*)*(a*)*(a*)*c"), false);
  });

  it("counts its steps, and is refused if it is too large", () => {
    assert.throws(() => found("a".repeat(100_000), "(a?){50}a{50}$", 10_000), Fault);
    assert.throws(() => found("a", "((a{100}){100}){100}"), Fault);
  });

  it("that repeats nothing is refused before it takes long, and a loop pays for the refusal", () => {
    for (const nothing of ["(?:)", "(?:a{0})", "(?:|)"]) {
      const pattern = `(?:(?:(?:${nothing}{1000}){1000}){1000}){1000}`;
      const frame = new Frame(() => undefined, 10_000_000);
      assert.throws(() => matches("a", pattern, frame, 0), { message: "the pattern repeats too much" });
      assert.ok(frame.stepsUsed > 1_000, `${nothing}: ${frame.stepsUsed}`);
    }
    assert.ok(found("ab", "^a(?:){1000}b$"));
  });

  it("agrees with JavaScript on the common syntax", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "(a|b)",
      "(?:ab)",
      "(a*b)",
      "^",
      "$",
      "\\b",
      "\\d",
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}"))
      .map(([of, times]) => (/^[$^]$|^\\b$/.test(of) ? of : of + times));
    const patterns = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(
        patterns,
        fc.string({ unit: fc.constantFrom("a", "b", "1", " "), maxLength: 8 }),
        (pattern, text) => {
          assert.equal(found(text, pattern), new RegExp(pattern, "u").test(text), `${pattern} in ${text}`);
        },
      ),
      { numRuns: 1_000, seed: 4 },
    );
  });
});
