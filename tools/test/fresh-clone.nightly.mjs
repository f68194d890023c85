// @ts-check

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { workspaceRoot } from "../setup.mjs";
import { startPlatform } from "./platform.mjs";
import { copyOfWorkspace, emptyFolder, notCommitted, run, write } from "./tree.mjs";

/** Returns the environment of a new user: the system's Node and npm. */
function strangersEnvironment() {
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"));
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NX_|NODE_COMPILE_CACHE|TUTTI_|CI$|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(own), PATH: path.join(delimiter) };
}

describe("a fresh clone", () => {
  it("runs the platform with one command, from an empty npm cache, and the second time without a set-up", async (t) => {
    const clone = emptyFolder(t);
    cpSync(workspaceRoot, clone, {
      recursive: true,
      filter: (source) => !notCommitted.has(basename(source)),
    });
    const env = { ...strangersEnvironment(), npm_config_cache: emptyFolder(t) };

    const before = performance.now();
    const first = await startPlatform(t, "npm", ["start", "--"], { cwd: clone, env });
    t.diagnostic(`first start to ready: ${((performance.now() - before) / 1000).toFixed(1)} s`);
    assert.equal((await fetch(`${first.url}/readyz`)).status, 200);
    for (const step of ["installing packages", "generating code", "starting the platform"])
      assert.match(first.said(), new RegExp(`tutti: ${step}`));
    await first.stop();

    const again = performance.now();
    const second = await startPlatform(t, process.execPath, ["tools/start.mjs"], { cwd: clone, env });
    t.diagnostic(`second start to ready: ${((performance.now() - again) / 1000).toFixed(1)} s`);
    assert.doesNotMatch(second.said(), /installing|generating/);
    assert.deepEqual(await second.stop(), [0, null]);
  });

  it("fails npm test for one wrong import", async (t) => {
    // The libraries without their tests are enough, and take a fraction of the time.
    const left = new Set(
      ["apps", "bench", "deploy", "docs", "examples", "sdk"].map((name) => join(workspaceRoot, name)),
    );
    const copy = copyOfWorkspace(
      t,
      (path) => !left.has(path) && !/\.(test|io|nightly)\.(ts|mjs)$/.test(path),
    );
    write(copy, { "libs/kernel/src/wrong.ts": 'import "@tutti/mesh";\n' });
    const { code, output } = await run("npm", ["test"], { cwd: copy, env: strangersEnvironment() });
    assert.equal(code, 1, output);
    assert.match(
      output,
      /libs\/kernel\/src\/wrong\.ts → libs\/mesh\/src\/index\.ts: kernel may import only contracts/,
    );
    assert.match(output, /\n\d+ passed, [1-9]\d* failed\n$/);
  });
});
