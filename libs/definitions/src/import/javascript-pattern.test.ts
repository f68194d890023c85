import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesPattern } from "@tutti/expressions";
import { UnsupportedConstruct } from "./cel.ts";
import { patternOf } from "./javascript-pattern.ts";

const texts = [
  "",
  "a",
  "abc",
  "ABC",
  "invoice 2026",
  "Invoice\u00a02026\n",
  "a\r\nb",
  "a\u2028b",
  "x@y.example",
  "{a}",
  "[b]",
  "a-b_c",
  "caf\u00e9",
  "\ufeff1",
  "k s",
];

const patterns = [
  /abc/,
  /^a/,
  /b$/,
  /^.$/,
  /^.*$/,
  /a.b/,
  /a..b/,
  /^[^\n]+$/,
  /^[\w.]+@[\w.]+\.[a-z]{2,}$/,
  /invoice\s+\d{4}/i,
  /^\S+$/,
  /\D/,
  /^\W*$/,
  /[\s\d]/,
  /\bb\b/,
  /a{2}|{a}/,
  /\[b\]|\{a\}/,
  /[[\]]/,
  /[a\-c]-/,
  /[A-Z]/i,
  /[^a-z\s]/i,
  /(?:a|b)+?c/,
  /(?<letter>a)b/,
  /caf\u00e9/,
  /\x61b/,
  /a.b/s,
  /a\/?b/,
  /^$/,
  /\t|\r|\n/,
];

describe("a pattern of JavaScript", () => {
  for (const pattern of patterns)
    it(`matches the same texts: ${pattern}`, () => {
      const read = patternOf(String(pattern));
      for (const text of texts) {
        const { matches, problem } = matchesPattern(text, read.text, 100_000);
        assert.equal(problem, "");
        assert.equal(matches, pattern.test(text), `${read.text} in ${JSON.stringify(text)}`);
      }
    });

  for (const [pattern, isByUnit] of [
    ["a.*b", false],
    ["a[^x]+", false],
    ["^.{3}$", true],
    ["a.b", true],
    ["\\S?", true],
    ["[a-z]{3}", false],
  ] as const)
    it(`${isByUnit ? "can" : "cannot"} match half of a character: ${pattern}`, () => {
      assert.equal(patternOf(pattern).isByUnit, isByUnit);
    });

  for (const pattern of [
    ...[
      "(?=a)",
      "(?<!a)b",
      "(a)\\1",
      "\\k<a>",
      "/a/m",
      "/a/y",
      "/a/u",
      "[]",
      "[^]",
      "[\\S]",
      "\\cA",
      "\\p{L}",
    ],
    ...[
      "[a-\\d]",
      "/\u00e4/i",
      "/\\u00e4/i",
      "\\u{1f600}",
      "\\ud83d",
      "\ud83d\ude00",
      "(",
      "a**",
      "[z-a]",
      "x{2000}",
    ],
  ])
    it(`has no counterpart: ${pattern}`, () => {
      assert.throws(() => patternOf(pattern), UnsupportedConstruct);
    });
});
