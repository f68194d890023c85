// @ts-check

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { workspaceRoot } from "../setup.mjs";
import { run, treeOf } from "./tree.mjs";

/**
 * Runs `.ci/run` with a fake npm.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} test script of `npm test`
 */
async function runCi(t, test) {
  const folder = treeOf(t, { "bin/npm": `#!/bin/bash\necho "npm $* with CI=$CI"\n${test}\n` });
  chmodSync(join(folder, "bin/npm"), 0o755);
  mkdirSync(join(folder, ".ci"));
  cpSync(join(workspaceRoot, ".ci/run"), join(folder, ".ci/run"));
  const { code, output } = await run("bash", [join(folder, ".ci/run")], {
    env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin` },
  });
  return { code, output, last: output.trimEnd().split("\n").at(-1) };
}

describe(".ci/run", () => {
  for (const [what, test, last, code] of /** @type {const} */ ([
    ["counts what passed", 'echo "42 passed, 0 failed"', "42 passed, 0 failed", 0],
    ["counts what was skipped", 'echo "42 passed, 0 failed, 3 skipped"', "42 passed, 0 failed, 3 skipped", 0],
    ["fails when a test failed", 'echo "41 passed, 1 failed"; exit 1', "41 passed, 1 failed", 1],
    ["fails when a run ends without a result", "exit 0", "0 passed, 1 failed", 1],
    [
      "counts a run that fails although everything passed",
      'echo "42 passed, 0 failed"; exit 3',
      "42 passed, 1 failed",
      1,
    ],
    [
      "counts only the last result of a run",
      'echo "7 passed, 0 failed"; echo "42 passed, 0 failed"',
      "42 passed, 0 failed",
      0,
    ],
  ])) {
    it(what, async (t) => {
      const result = await runCi(t, test);
      assert.equal(result.last, last);
      assert.equal(result.code, code);
      assert.match(result.output, /^npm test -- --ci --again with CI=true$/m);
    });
  }

  it("says how many tests were unsteady", async (t) => {
    const { output, code } = await runCi(t, 'echo "UNSTEADY, passed when"; echo "42 passed, 0 failed"');
    assert.match(output, /^1 unsteady: failed at first, passed alone\n42 passed, 0 failed$/m);
    assert.equal(code, 0);
  });
});
