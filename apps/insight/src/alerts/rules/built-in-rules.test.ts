import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { builtInRules } from "./built-in-rules.ts";

const page = readFileSync(new URL("../../../../../docs/guides/runbooks.md", import.meta.url), "utf8");

describe("built-in rules", () => {
  it("each has a section in the page of runbooks, and links to it", () => {
    const rules = builtInRules([], "", "https://tutti.example.com/");
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    assert.deepEqual(rules.map(({ ruleId }) => ruleId).toSorted(), sections.toSorted());
    for (const { ruleId, advice } of rules)
      assert.ok(advice.endsWith(` Runbook: https://tutti.example.com/docs/guides/runbooks.html#${ruleId}`));
    const [first] = builtInRules([], "");
    assert.match(first?.advice ?? "", / Runbook: \/docs\/guides\/runbooks\.html#/);
  });
});
