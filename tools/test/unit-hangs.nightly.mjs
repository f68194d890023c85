// @ts-check

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { run, treeOf } from "./tree.mjs";

const unit = join(import.meta.dirname, "..", "unit.mjs");

const imports = 'import { createServer } from "node:net"; import { it } from "node:test";\n';

describe("a package's tests never hang", () => {
  it("because of a process that they started and left", async (t) => {
    const folder = treeOf(t, {
      "src/bad.test.ts": `import { spawn } from "node:child_process"; import { it } from "node:test";
it("leaves", () => { spawn("sleep", ["30"], { stdio: "inherit", detached: true }).unref(); });
`,
    });
    const { code, output } = await run(process.execPath, [unit], { cwd: folder });
    assert.match(output, /a process that it started still holds its output/);
    assert.match(output, /1 passed, 1 failed\n$/);
    assert.equal(code, 1);
  });

  for (const [what, bad, said] of /** @type {const} */ ([
    [
      "a test that never yields",
      'it("spins", () => { for (;;); });',
      /no progress for 5 s in src\/bad\.test\.ts › spins/,
    ],
    [
      "a test that waits for ever",
      'it("waits", () => new Promise(() => setInterval(() => {}, 1000)));',
      /no progress for 5 s in src\/bad\.test\.ts › waits/,
    ],
    ["a file that never loads", "for (;;);", /no progress for 5 s while the files were loaded/],
    [
      "a server left open",
      'it("leaks", () => { createServer().listen(0); });',
      /cannot end: TCPServerWrap still open/,
    ],
  ])) {
    it(`because of ${what}, and the file is named`, async (t) => {
      const folder = treeOf(t, {
        "src/bad.test.ts": `${imports}${bad}\n`,
        "src/good.test.ts": `${imports}it("is fine", () => {});\n`,
      });
      // If something is left open, longer than the time that a process gets to end by itself.
      const silence = what === "a server left open" ? 40_000 : 5_000;
      const { code, output } = await run(process.execPath, [unit, `--silence-ms=${silence}`], {
        cwd: folder,
      });
      assert.match(output, said);
      assert.match(output, /alone: src\/bad\.test\.ts\n/);
      assert.match(output, /\d passed, 1 failed\n$/);
      assert.equal(code, 1);
    });
  }
});
