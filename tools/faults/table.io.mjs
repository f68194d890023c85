// @ts-check

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { failuresIn, plantingProblems } from "../faults.mjs";
import { workspaceRoot } from "../setup.mjs";
import { treeOf } from "../test/tree.mjs";
import { faults } from "./table.mjs";

const one = {
  name: "one-too-many",
  breaks: "Counts one too many.",
  file: "count.ts",
  find: "left > 0",
  replace: "left >= 0",
  packages: ["libs/kernel"],
};

describe("the table of faults", () => {
  it("has twenty faults of different names, each with a place in the sources and packages that have tests", () => {
    assert.deepEqual(plantingProblems(workspaceRoot), []);
    assert.equal(new Set(faults.map(({ name }) => name)).size, 20);
    for (const { packages } of faults)
      for (const folder of packages)
        assert.ok(existsSync(join(workspaceRoot, folder, "package.json")), folder);
  });

  it("has each fault in the ADR that says which tests find it", () => {
    const adr = readFileSync(join(workspaceRoot, "docs/adr/0090-tests-in-minutes.md"), "utf8");
    const missing = faults.filter(({ name }) => !adr.includes(`| ${name} |`)).map(({ name }) => name);
    assert.deepEqual(missing, []);
  });
});

describe("a fault", () => {
  it("is refused where its text is missing, or there twice", (t) => {
    const problem = (/** @type {number} */ times) => [
      `fault one-too-many: expected \`find\` once in count.ts, found ${times} matches. Correct tools/faults/table.mjs`,
    ];
    assert.deepEqual(plantingProblems(treeOf(t, {}), [one]), problem(0));
    assert.deepEqual(plantingProblems(treeOf(t, { "count.ts": "left < 0" }), [one]), problem(0));
    assert.deepEqual(plantingProblems(treeOf(t, { "count.ts": "left > 0" }), [one]), []);
    assert.deepEqual(plantingProblems(treeOf(t, { "count.ts": "left > 0 || left > 0" }), [one]), problem(2));
  });

  it("is found by the tests that `tools/unit.mjs` names", () => {
    const output = [
      "noise",
      "FAILED src/count.test.ts:12 › a count › ends at 0",
      "    expected 0, got 1",
      "",
      "FAILED no progress for 180 s in test/b.test.ts › hangs. The process was killed",
      "3 passed, 2 failed",
    ];
    assert.deepEqual(failuresIn(output.join("\n")), [
      "src/count.test.ts › a count › ends at 0",
      "no progress for 180 s in test/b.test.ts › hangs. The process was killed",
    ]);
  });
});
