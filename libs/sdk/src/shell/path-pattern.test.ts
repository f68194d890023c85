import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matchesPath } from "./path-pattern.ts";

describe("a pattern of paths", () => {
  const rows: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
    ["dist/*.tgz", "dist/a.tgz", true],
    ["dist/*.tgz", "dist/b/a.tgz", false],
    ["dist/**/*.tgz", "dist/a.tgz", true],
    ["dist/**/*.tgz", "dist/b/c/a.tgz", true],
    ["dist/**", "dist/b/c", true],
    ["dist/**", "dist", false],
    ["**", "a/b", true],
    ["**/report.?sv", "a/report.csv", true],
    ["report.?sv", "report.sv", false],
    ["a+(b)*", "a+(b)c", true],
    ["*/*", "a", false],
    // As an expression of JavaScript, these take years.
    [`${"*a".repeat(50)}b`, "a".repeat(200), false],
    [`${"**/a/".repeat(30)}b`, "a/".repeat(60), false],
  ];
  for (const [pattern, path, matches] of rows)
    it(`${pattern.slice(0, 40)} ${matches ? "matches" : "does not match"} ${path.slice(0, 40)}`, () =>
      assert.equal(matchesPath(pattern, path), matches));
});
