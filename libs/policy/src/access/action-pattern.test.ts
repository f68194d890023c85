import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { coversPattern, matchesAction } from "./action-pattern.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 8 });

/** The rule, implemented literally. */
function plain(wide: string, action: string): boolean {
  const parts = wide.split("*").map((part) => part.replaceAll(".", "\\."));
  return new RegExp(`^${parts.join(".*")}$`).test(action);
}

describe("a pattern of actions", () => {
  it("matches exact names and wildcards", () => {
    for (const [wide, action, expected] of [
      ["workflow.runs.*", "workflow.runs.start", true],
      ["workflow.*", "workflow.runs.start", true],
      ["*.get", "workflow.runs.get", true],
      ["*", "anything", true],
      ["", "", true],
      ["workflow.runs", "workflow.runs.start", false],
      ["workflow.runs.*", "workflow.runsx.start", false],
      ["*.get", "workflow.runs.get.all", false],
    ] as const)
      assert.equal(matchesAction(wide, action), expected, `${wide} ${action}`);
  });

  it("matches as the plain reading does, for any pattern", () => {
    fc.assert(
      fc.property(pattern, text, (wide, action) => {
        assert.equal(matchesAction(wide, action), plain(wide, action));
      }),
    );
  });

  it("covers another pattern only if it matches every action of that pattern", () => {
    fc.assert(
      fc.property(pattern, pattern, text, (wide, narrow, action) => {
        if (coversPattern(wide, narrow) && matchesAction(narrow, action))
          assert.ok(matchesAction(wide, action));
      }),
    );
  });

  it("matches a hostile pattern without exponential time", () => {
    assert.equal(matchesAction(`${"a*".repeat(100)}b`, "a".repeat(10_000)), false);
  });
});
