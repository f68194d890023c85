// @ts-check

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { run, treeOf } from "./tree.mjs";

const unit = join(import.meta.dirname, "..", "unit.mjs");

/**
 * Runs the tests of a package with these files.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} files
 * @param {...string} args
 */
async function runPackage(t, files, ...args) {
  const folder = treeOf(t, files);
  const { code, output } = await run(process.execPath, [unit, ...args], { cwd: folder });
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const [passed, failed, skipped = 0] = [...last.matchAll(/\d+/g)].map(Number);
  return { code, output, counts: { passed, failed, skipped }, last };
}

const imports =
  'import { before, describe, it } from "node:test"; import assert from "node:assert/strict";\n';

describe("a package's tests", () => {
  it("are found beside the source and in test/, and say only how many passed", async (t) => {
    const one = `${imports}describe("a", () => { it("b", () => { console.log("noise"); }); });\n`;
    const { code, output, counts } = await runPackage(t, {
      "src/a.test.ts": one,
      "src/deep/b.test.mjs": one,
      "test/c.test.ts": one,
      "test/d.io.ts": one,
      "node_modules/x/e.test.ts": one,
    });
    assert.equal(output, "3 passed, 0 failed\n");
    assert.equal(code, 0);
    assert.deepEqual(counts, { passed: 3, failed: 0, skipped: 0 });
  });

  it("of another tier run apart", async (t) => {
    const { output } = await runPackage(
      t,
      { "test/a.io.ts": `${imports}it("b", () => {});\n`, "src/a.test.ts": "throw new Error();\n" },
      "--io",
    );
    assert.equal(output, "1 passed, 0 failed\n");
  });

  it("keep the hooks of their own that see what they wait for", async (t) => {
    const time = join(import.meta.dirname, "../../libs/kernel/src/testing/running-time.ts");
    const waiting = `${imports}import { randomBytes } from "node:crypto"; import { RunningTime } from ${JSON.stringify(time)};
describe("a", () => {
  let opened;
  // Under way on the thread pool when the first test begins.
  before(() => { opened = RunningTime.open(); for (let n = 0; n < 50; n++) randomBytes(2_000_000, () => {}); });
  it("waits", async () => { await opened.time.pass(60_000); opened[Symbol.dispose](); });
});\n`;
    const { output } = await runPackage(t, { "test/a.test.ts": waiting }, "--silence-ms=15000");
    assert.equal(output, "1 passed, 0 failed\n");
  });

  it("with an error that no caller catches fail, with its stack and the test that was running", async (t) => {
    const late = `${imports}
it("before", () => {});
it("continues", async () => {
  setTimeout(() => { throw new Error("a timer"); }, 1);
  Promise.reject(new Error("a promise"));
  await new Promise((resolve) => setTimeout(resolve, 100));
});\n`;
    const { code, output, counts } = await runPackage(t, { "test/a.test.ts": late });
    assert.equal(code, 1);
    assert.deepEqual(counts, { passed: 2, failed: 2, skipped: 0 });
    for (const how of ["uncaughtException: Error: a timer", "unhandledRejection: Error: a promise"])
      assert.match(
        output,
        new RegExp(`FAILED ${how}\n    at .*a\\.test\\.ts:[^]*?in test/a\\.test\\.ts › continues`),
      );
  });

  it("that fail once and pass alone are reported as unsteady when they are run again", async (t) => {
    const once = `${imports}import { existsSync, writeFileSync } from "node:fs";
it("waits for nobody", () => { if (existsSync("ran")) return; writeFileSync("ran", ""); assert.fail("the machine stalled"); });\n`;
    const files = { "test/a.io.ts": once, "test/b.io.ts": `${imports}it("c", () => {});\n` };
    const { code, output, counts } = await runPackage(t, files, "--io", "--again");
    assert.match(
      output,
      /^UNSTEADY, passed when it ran again alone: test\/a\.io\.ts:\d+ › waits for nobody\n {4}.*the machine stalled/m,
    );
    assert.equal(code, 0);
    assert.deepEqual(counts, { passed: 2, failed: 0, skipped: 0 });
  });

  it("of a suite that several files share are run again where they are declared", async (t) => {
    const shared = `${imports}import { existsSync, writeFileSync } from "node:fs";
export const suite = (name, fails) => describe(name, () => {
  before(() => { if (!existsSync("ran") || fails) { writeFileSync("ran", ""); assert.fail("the machine stalled"); } });
  it("waits for nobody", () => {});
});\n`;
    const declared = (/** @type {string} */ name, fails = false) =>
      `import { suite } from "./shared.ts"; suite("${name}", ${fails});\n`;
    const files = {
      "test/shared.ts": shared,
      "test/a.test.ts": declared("a"),
      "test/b.test.ts": declared("b"),
    };
    const once = await runPackage(t, files, "--again");
    assert.match(once.output, /^UNSTEADY, .*: test\/shared\.ts:\d+ › a/m);
    assert.deepEqual([once.code, once.counts.failed], [0, 0]);
    const always = await runPackage(t, { ...files, "test/b.test.ts": declared("b", true) }, "--again");
    assert.match(always.output, /^FAILED test\/shared\.ts:\d+ › b/m);
    assert.equal(always.code, 1);
  });

  it("that fail alone too are failures, run again or not", async (t) => {
    const files = { "test/a.io.ts": `${imports}it("b", () => assert.fail("always"));\n` };
    const { code, output, counts } = await runPackage(t, files, "--io", "--again");
    assert.match(output, /^FAILED test\/a\.io\.ts:\d+ › b/m);
    assert.equal(code, 1);
    assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  });

  it("that are none are none", async (t) => {
    const { code, output } = await runPackage(t, { "src/a.ts": "" });
    assert.equal(output, "0 passed, 0 failed\n");
    assert.equal(code, 0);
  });

  it("that fail are named with file, line, title and what was expected", async (t) => {
    const { code, output, last } = await runPackage(t, {
      "src/a.test.ts": `${imports}describe("sums", () => {\n  it("adds", () => {\n    console.log("printed");\n    assert.equal(1 + 1, 3);\n  });\n  it("stays", () => {});\n});\n`,
    });
    assert.match(output, /^printed\n/);
    assert.match(
      output,
      /FAILED src\/a\.test\.ts:3 › sums › adds\n {4}AssertionError .*\n(.*\n)*? {4}2 !== 3\n/,
    );
    assert.doesNotMatch(output, /node:internal/);
    assert.equal(last, "1 passed, 1 failed");
    assert.equal(code, 1);
  });

  it("that are skipped are counted, and said with the reason", async (t) => {
    const { code, output } = await runPackage(t, {
      "src/a.test.ts": `${imports}it("b", { skip: "no server" }, () => {});\nit("c", () => {});\n`,
    });
    assert.equal(output, "SKIPPED src/a.test.ts:2 › b: no server\n1 passed, 0 failed, 1 skipped\n");
    assert.equal(code, 0);
  });

  for (const [what, file, said, failed] of /** @type {const} */ ([
    [
      "a hook that fails",
      'describe("a", () => { before(() => { throw new Error("no ground"); }); it("b", () => {}); });',
      /no ground/,
      2,
    ],
    ["a file that cannot be loaded", 'import "./not-there.ts";', /Cannot find module/, 1],
    [
      "work that continues after its test and fails",
      'it("b", () => { setTimeout(() => { throw new Error("late"); }, 5); });',
      /late/,
      1,
    ],
    ["an exit in a test", 'it("b", () => process.exit(0));', /exited with code \d+ before its last test/, 1],
    ["a file without a test", "", /contain no tests/, 1],
  ])) {
    it(`fail for ${what}`, async (t) => {
      const { code, output, counts } = await runPackage(t, { "src/a.test.ts": `${imports}${file}\n` });
      assert.match(output, said);
      assert.equal(counts.failed, failed, output);
      assert.equal(code, 1);
    });
  }
});
