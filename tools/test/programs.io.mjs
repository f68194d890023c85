// @ts-check

import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isAtLeast } from "../programs.mjs";
import { run, treeOf } from "./tree.mjs";

const script = join(import.meta.dirname, "..", "programs.mjs");

/**
 * Searches nats-server on a PATH with only this program, and with an empty cache.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} [prints] version output of the nats-server on PATH
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string[]} [args]
 */
async function look(t, prints, env = {}, args = [script, "nats-server"]) {
  const folder = treeOf(t, {
    "bin/.keep": "",
    ...(prints === undefined ? {} : { "bin/nats-server": `#!/bin/sh\necho "${prints}"\n` }),
  });
  const bin = join(folder, "bin");
  if (prints !== undefined) chmodSync(join(bin, "nats-server"), 0o755);
  const result = await run(process.execPath, args, {
    env: { PATH: bin, TUTTI_CACHE: join(folder, "cache"), ...env },
  });
  return { ...result, bin };
}

describe("programs", () => {
  it("compares versions by number", () => {
    for (const [version, least, is] of /** @type {const} */ ([
      ["2.10.27", "2.10.27", true],
      ["2.10.3", "2.10.27", false],
      ["2.9.30", "2.10.27", false],
      ["2.11.0", "2.10.27", true],
      ["10.0.0", "2.10.27", true],
    ])) {
      assert.equal(isAtLeast(version, least), is, `${version} and ${least}`);
    }
  });

  it("are taken from PATH", async (t) => {
    const { code, output, bin } = await look(t, "nats-server: v2.11.4");
    assert.equal(output, `${join(bin, "nats-server")}\n`);
    assert.equal(code, 0);
  });

  it("that are too old are not taken, and the reason names what was found", async (t) => {
    const { code, output, bin } = await look(t, "nats-server: v2.9.10");
    assert.equal(
      output,
      `MISSING PROGRAM nats-server: apt not found on this system (${join(bin, "nats-server")} is 2.9.10, and 2.10.27 or newer is needed). Install nats-server 2.10.27 or newer and put it on PATH\n`,
    );
    assert.equal(code, 1);
  });

  it("that were downloaded are used by their recorded version, without a start on a busy machine", async (t) => {
    const folder = treeOf(t, {
      "trixie-nats-server/usr/sbin/nats-server": "#!/bin/sh\nexit 1\n",
      "trixie-nats-server/version": "2.10.27\n",
    });
    const { code, output } = await look(t, undefined, { TUTTI_CACHE: folder });
    assert.equal(output, `${join(folder, "trixie-nats-server/usr/sbin/nats-server")}\n`);
    assert.equal(code, 0);
  });

  it("that are missing are a skip for a test, and with CI=true a failure", async (t) => {
    const ask = `import { needsProgram } from ${JSON.stringify(script)}; console.log(JSON.stringify(await needsProgram("nats-server")));`;
    const args = ["--input-type=module", "-e", ask];
    const skipped = await look(t, undefined, {}, args);
    assert.deepEqual(JSON.parse(skipped.output), {
      path: "",
      skip: "nats-server is missing: apt not found on this system. Install nats-server 2.10.27 or newer and put it on PATH",
    });
    const failed = await look(t, undefined, { CI: "true" }, args);
    assert.match(failed.output, /Error: nats-server is missing: .*; with CI=true its tests must run/);
    assert.equal(failed.code, 1);
  });
});
