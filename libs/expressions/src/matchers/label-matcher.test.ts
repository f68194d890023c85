import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matcherProblem, matchesLabels, parseMatcher, printMatcher } from "./label-matcher.ts";

const labels = { alertname: "Disk", severity: "warning", empty: "" };

describe("conditions on labels", () => {
  for (const [text, expected] of [
    ["severity=warning", true],
    ['severity="warning"', true],
    ["severity!=warning", false],
    ['severity=~"warn.*|error"', true],
    // The whole value must match.
    ["severity=~warn", false],
    ["severity!~warn", true],
    ["severity!~warning", false],
    [" severity = warning ", true],
    // An absent label is empty.
    ["team=", true],
    ["team!=web", true],
    ["team=~.+", false],
    ["empty=~.*", true],
  ] as const)
    it(`${text} ${expected ? "holds" : "does not hold"}`, () => {
      const matcher = parseMatcher(text);
      assert.ok(matcher !== undefined);
      assert.equal(matchesLabels(matcher, labels), expected);
      assert.deepEqual(parseMatcher(printMatcher(matcher)), matcher);
    });

  it("a quoted value has escapes", () => {
    assert.equal(parseMatcher('a="say \\"no\\"\\n\\\\ \\d"')?.value, 'say "no"\n\\ \\d');
  });

  for (const text of ["", "severity", "=a", 'a="b', 'a==b"', '{a="b"}'])
    it(`${text || "an empty text"} is no condition`, () => assert.equal(parseMatcher(text), undefined));

  it("an invalid pattern is a problem, and never matches", () => {
    const wrong = { name: "severity", value: "(", regex: true, negated: true };
    assert.match(matcherProblem(wrong), /does not close a group/);
    assert.equal(matchesLabels(wrong, labels), false);
  });

  it("a pattern that would backtrack without end is matched in linear time", () => {
    const slow = { name: "a", value: "(a+)+b", regex: true, negated: false };
    assert.equal(matchesLabels(slow, { a: "a".repeat(4_000) }), false);
  });
});
