// @ts-check

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { copyOfWorkspace, run, runIn } from "./tree.mjs";

/**
 * Runs the static checks in a copy of the workspace. Returns the output and the failed checks.
 *
 * @param {string} copy
 */
async function check(copy) {
  const { output } = await runIn(copy, "tools/checks.mjs");
  assert.match(output, /\d+ passed, \d+ failed\n$/);
  return { output, failed: [...output.matchAll(/^FAILED {2}(.*) \(/gm)].map(([, name]) => name) };
}

/**
 * Returns a copy of the workspace whose order of libraries has a planned library.
 *
 * @param {Parameters<typeof copyOfWorkspace>[0]} t
 */
function copyWithPlace(t) {
  const copy = copyOfWorkspace(t);
  const house = join(copy, "tools/checks/house.mjs");
  const text = readFileSync(house, "utf8");
  assert.match(text, /"expressions",/);
  writeFileSync(house, text.replace('"expressions",', '"expressions",\n  "annals",'));
  return copy;
}

describe("npm run make", () => {
  it("makes services, libraries and machines that pass every check and their own tests, and that npm knows", async (t) => {
    const copy = copyWithPlace(t);
    for (const wish of [
      ["service", "quota"],
      ["service", "treasury"],
      ["library", "ledger", "--below", "nats"],
      ["library", "annals"],
      ["machine", "loan"],
      ["machine", "voucher", "--area", "loan"],
    ]) {
      const { code, output } = await runIn(copy, "tools/make.mjs", ...wish);
      assert.equal(code, 0, output);
    }
    const { output, failed } = await check(copy);
    // Faults of the workspace itself are for other tests.
    const before = failed.length > 0 ? (await check(copyWithPlace(t))).failed : [];
    assert.deepEqual(
      failed.filter((name) => !before.includes(name)),
      [],
      output,
    );
    assert.doesNotMatch(output, /quota|ledger|apps\/treasury|libs\/annals|loan|voucher/);
    const machines = ["libs/machines/loan", "libs/machines/voucher"];
    for (const folder of ["apps/quota", "apps/treasury", "libs/ledger", "libs/annals", ...machines]) {
      const { code, output } = await runIn(join(copy, folder), relative(folder, "tools/unit.mjs"));
      assert.equal(code, 0, output);
      assert.match(output, /^[1-9]\d* passed, 0 failed$/m, folder);
    }
    const platform = readFileSync(join(copy, "apps/platform/src/service.ts"), "utf8");
    assert.match(platform, /readonly ServiceModule\[\] = \[[^\]]*workflow,[^\]]*quota,\s+treasury,[^\]]*\]/);
    const house = readFileSync(join(copy, "tools/checks/house.mjs"), "utf8");
    for (const library of ["ledger", "annals"]) assert.equal(house.split(`"${library}"`).length, 2, library);
    assert.deepEqual(readdirSync(join(copy, "libs/machines/voucher/golden")), ["0.1.0-started.json"]);
    const npm = await run("npm", ["ci", "--dry-run", "--offline"], { cwd: copy });
    assert.doesNotMatch(npm.output, /@tutti\/(quota|treasury|ledger|annals|machine-)/);
  });

  it("refuses what has no place or no name, and says why", async (t) => {
    const copy = copyWithPlace(t);
    for (const [wish, said] of /** @type {const} */ ([
      [
        ["service"],
        "expected `npm run make -- service NAME`, `npm run make -- library NAME [--below LIBRARY]` or `npm run make -- machine NAME [--area AREA]`",
      ],
      [["machine", "bank"], "libs/machines/bank already exists: choose another name"],
      [
        ["machine", "loan", "--area", "Loans"],
        "The name of an area is one word of a-z and 0-9, at most 30 characters. Found Loans",
      ],
      [
        ["service", "Quota"],
        "The name of a package is one word of a-z and 0-9, at most 30 characters. Found Quota",
      ],
      [["service", "registry"], "apps/registry already exists: choose another name"],
      [["library", "kernel"], "libs/kernel already exists: choose another name"],
      [
        ["library", "annals", "--below", "nats"],
        "annals is already in the order of libraries: remove --below",
      ],
      [
        ["library", "ledger", "--below", "nothing"],
        "unknown library nothing: expected one of contracts, kernel,",
      ],
    ])) {
      const { code, output } = await runIn(copy, "tools/make.mjs", ...wish);
      assert.ok(output.includes(`tutti: ${said}`), output);
      assert.equal(code, 1);
    }
  });
});
