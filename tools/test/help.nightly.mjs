// @ts-check

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { headerOf } from "../help.mjs";
import { workspaceRoot } from "../setup.mjs";

const run = promisify(execFile);
const { scripts } = JSON.parse(readFileSync(join(workspaceRoot, "package.json"), "utf8"));
/** Third-party programs with their own help. */
const foreign = ["build", "graph", "format"];

describe("--help of the scripts of the workspace", () => {
  for (const name of Object.keys(scripts).filter((each) => !foreign.includes(each)))
    it(`npm run ${name} -- --help says what it does and its options, and does nothing`, async () => {
      // The same as npm, without npm, which takes a quarter of a second each time.
      const { stdout } = await run("sh", ["-c", `${scripts[name]} --help`], { cwd: workspaceRoot });
      assert.match(stdout, /^\S.{10,}/, "a sentence comes first");
      assert.doesNotMatch(stdout, /^\s*(\/\/|\*)/m, "it is no source");
      assert.doesNotMatch(stdout, /\d passed|FAILED|generated code/, "nothing was done");
    });

  it("npm start -- --help lists every option, also when the ports are taken", async (t) => {
    const taken = createServer().listen(0, "127.0.0.1");
    t.after(() => taken.close());
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = /** @type {import("node:net").AddressInfo} */ (taken.address());
    const { stdout } = await run("npm", ["run", "-s", "start", "--", "--help"], {
      cwd: workspaceRoot,
      env: { ...process.env, TUTTI_OPERATIONS_PORT: String(port) },
    });
    for (const option of ["--port N|auto", "--empty", "--paused", "--nats", "--dev", "--config", "--explain"])
      assert.ok(stdout.includes(option), option);
    // The options that the start itself reads.
    const source = readFileSync(join(workspaceRoot, "tools", "start.mjs"), "utf8");
    for (const [, option = ""] of source.matchAll(/"(--\w+)"/g)) assert.ok(stdout.includes(option), option);
  });

  it("npm run check -- --help names the checks", async () => {
    const { stdout } = await run("npm", ["run", "-s", "check", "--", "--help"], { cwd: workspaceRoot });
    assert.match(stdout, /types, style/);
  });
});

describe("the comment at the top of a source", () => {
  for (const [what, source, expected] of [
    [
      "lines",
      "#!/usr/bin/env node\n// @ts-check\n\n// Does it.\n//\n//   npm run it\n\nimport x;",
      "Does it.\n\n  npm run it",
    ],
    ["a block", "/**\n * Does it.\n *\n *     npm run it\n */\nimport x;", "Does it.\n\n    npm run it"],
    ["a block of one line", "/** Does it. */\nimport x;", "Does it."],
    ["none", "import x;", ""],
  ])
    it(`is read of ${what}`, () => assert.equal(headerOf(source ?? ""), expected));
});
