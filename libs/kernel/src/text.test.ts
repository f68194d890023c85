import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  amountOf,
  asTyped,
  capitalized,
  counted,
  csvLine,
  durationText,
  grouped,
  matchesWildcard,
  sentences,
  shellWord,
  utcOf,
} from "./text.ts";

describe("durations for people", () => {
  const durations: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [0.4, "0.4 ms"],
    [340.4, "340 ms"],
    [999, "999 ms"],
    [5_000, "5 s"],
    [4_250, "4.3 s"],
    [999.6, "1 s"],
    [9_576, "9.6 s"],
    [9_999, "10 s"],
    [16_700, "17 s"],
    [38_400, "38 s"],
    [59_700, "1 min"],
    [96_600, "1 min 37 s"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [7_200_000, "2 h"],
    [270_000_000, "3 d 3 h"],
    [-5, "0 ms"],
  ];
  for (const [ms, text] of durations) it(`${ms} ms is ${text}`, () => assert.equal(durationText(ms), text));
});

describe("words of a command line", () => {
  for (const [text, word] of [
    ["mail", "mail"],
    ["api/v1:eu", "api/v1:eu"],
    ["slow api", "'slow api'"],
    ["$(id)", "'$(id)'"],
    ["`id`; ls", "'`id`; ls'"],
    ["it's", undefined],
    ["hi!", undefined],
    ["a\nb", undefined],
    ["-y", undefined],
    ["", undefined],
  ] as const)
    it(`${JSON.stringify(text)} ${word === undefined ? "has no safe form" : `is ${word}`}`, () =>
      assert.equal(shellWord(text), word));
});

describe("numbers and their nouns", () => {
  it("agree: one is singular, and zero, many and fractions are plural", () => {
    assert.deepEqual(
      [0, 0.5, 1, 2].map((count) => counted(count, "task")),
      ["0 tasks", "0.5 tasks", "1 task", "2 tasks"],
    );
    assert.equal(counted(1, "entry", "entries"), "1 entry");
    assert.equal(counted(2, "entry", "entries"), "2 entries");
  });

  it("agree for slots, and leave the names of other resources unchanged", () => {
    assert.equal(amountOf(1, "slots"), "1 slot");
    assert.equal(amountOf(3, "slots"), "3 slots");
    assert.equal(amountOf(1, "gpu"), "1 gpu");
    assert.equal(amountOf(2, "gpu"), "2 gpu");
  });
});

describe("whole numbers for people", () => {
  it("have a comma before each three digits", () => {
    assert.deepEqual([0, 999, 1_000, 4_194_304].map(grouped), ["0", "999", "1,000", "4,194,304"]);
  });
});

describe("moments for people", () => {
  it("are in UTC, to the second or to the minute", () => {
    const ms = Date.UTC(2026, 0, 31, 12, 5, 9, 999);
    assert.deepEqual([utcOf(ms), utcOf(ms, "minute")], ["2026-01-31 12:05:09 UTC", "2026-01-31 12:05 UTC"]);
  });
});

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
    it(`become ${JSON.stringify(joined)}`, () => assert.equal(sentences(...texts), joined));
  }

  it("start with a capital letter", () => assert.deepEqual(["hook", ""].map(capitalized), ["Hook", ""]));
});

it("a line of CSV quotes commas, quotes and line breaks, and disarms formulas in texts", () => {
  assert.equal(csvLine(["one", 2, null, undefined, 0]), "one,2,,,0");
  assert.equal(
    csvLine(["a,b", 'the "end"', "two\r\nlines", "two\nlines"]),
    '"a,b","the ""end""","two\r\nlines","two\nlines"',
  );
  assert.equal(csvLine(["=1+1", "+1", "-1", "@sum", "\tx", -1]), "'=1+1,'+1,'-1,'@sum,'\tx,-1");
  assert.equal(csvLine(["=a,b"]), '"\'=a,b"');
});

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

describe("a text with commands, if npx starts the CLI", () => {
  for (const [text, expected] of [
    ["tutti why a", "npx tutti why a"],
    ["  tutti approve a   Approve it.", "  npx tutti approve a   Approve it."],
    [
      "Run `a` not found. List runs with `tutti list`.",
      "Run `a` not found. List runs with `npx tutti list`.",
    ],
    ["\u001b[2mtutti --server URL\u001b[22m", "\u001b[2mnpx tutti --server URL\u001b[22m"],
    ["one\ntutti why a", "one\nnpx tutti why a"],
    ["npx tutti dev", "npx tutti dev"],
    ["agents of tutti", "agents of tutti"],
    ["~/tutti dist, my-tutti run, Tutti runs", "~/tutti dist, my-tutti run, Tutti runs"],
  ] as const)
    it(`is ${JSON.stringify(expected)}`, () =>
      assert.equal(asTyped(text, { npm_command: "exec" }), expected));
});
