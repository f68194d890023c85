// @ts-check

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { workspaceRoot } from "../setup.mjs";
import { run, treeOf } from "./tree.mjs";

/**
 * Runs `.ci/run` with an npm that does this.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} test what `npm test` does
 * @param {string} io what `npm run test:io` does
 */
async function runCi(t, test, io) {
  const folder = treeOf(t, {
    "bin/npm": `#!/bin/bash\necho "CI is $CI"\nif [[ $1 == test ]]; then ${test}; else ${io}; fi\n`,
  });
  chmodSync(join(folder, "bin/npm"), 0o755);
  mkdirSync(join(folder, ".ci"));
  cpSync(join(workspaceRoot, ".ci/run"), join(folder, ".ci/run"));
  const { code, output } = await run("bash", [join(folder, ".ci/run")], {
    env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin` },
  });
  return { code, output, last: output.trimEnd().split("\n").at(-1) };
}

describe(".ci/run", () => {
  for (const [what, test, io, last, code] of /** @type {const} */ ([
    [
      "adds up what passed",
      'echo "40 passed, 0 failed"',
      'echo "2 passed, 0 failed"',
      "42 passed, 0 failed",
      0,
    ],
    [
      "adds up what was skipped",
      'echo "40 passed, 0 failed, 1 skipped"',
      'echo "2 passed, 0 failed, 2 skipped"',
      "42 passed, 0 failed, 3 skipped",
      0,
    ],
    [
      "runs the io tests also when others failed",
      'echo "40 passed, 1 failed"; exit 1',
      'echo "2 passed, 0 failed"',
      "42 passed, 1 failed",
      1,
    ],
    [
      "fails when only io tests failed",
      'echo "40 passed, 0 failed"',
      'echo "1 passed, 1 failed"; exit 1',
      "41 passed, 1 failed",
      1,
    ],
    [
      "counts a run that ends without a result",
      "exit 1",
      'echo "2 passed, 0 failed"',
      "2 passed, 1 failed",
      1,
    ],
    [
      "counts a run that fails although everything passed",
      'echo "40 passed, 0 failed"; exit 3',
      'echo "2 passed, 0 failed"',
      "42 passed, 1 failed",
      1,
    ],
    [
      "counts only the last result of a run",
      'echo "7 passed, 0 failed"; echo "40 passed, 0 failed"',
      'echo "2 passed, 0 failed"',
      "42 passed, 0 failed",
      0,
    ],
  ])) {
    it(what, async (t) => {
      const result = await runCi(t, test, io);
      assert.equal(result.last, last);
      assert.equal(result.code, code);
      assert.match(result.output, /^CI is true$/m);
    });
  }
});
