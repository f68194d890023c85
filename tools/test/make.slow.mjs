// @ts-check

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copyOfWorkspace, run, runIn } from "./tree.mjs";

/**
 * Makes a package in a copy of the workspace, which then has to pass every check, and the tests of these packages.
 *
 * @param {import("node:test").TestContext} t
 * @param {string[]} wish
 * @param {...string} tested folders
 */
async function makeAndCheck(t, wish, ...tested) {
  const copy = copyOfWorkspace(t);
  const made = await runIn(copy, "tools/make.mjs", ...wish);
  assert.equal(made.code, 0, made.output);
  const checked = await runIn(copy, "tools/checks.mjs");
  assert.equal(checked.code, 0, checked.output);
  for (const folder of tested) {
    const { code, output } = await runIn(join(copy, folder), "../../tools/unit.mjs");
    assert.equal(code, 0, output);
    assert.match(output, /^[1-9]\d* passed, 0 failed$/m, folder);
  }
  // npm reads the lockfile as its own.
  const { code, output } = await run("npm", ["ci", "--dry-run", "--offline"], { cwd: copy });
  assert.equal(code, 0, output);
  return copy;
}

describe("npm run make", () => {
  it("makes a service that passes every check, and is part of the platform", async (t) => {
    const copy = await makeAndCheck(t, ["service", "quota"], "apps/quota", "libs/contracts");
    const again = await runIn(copy, "tools/make.mjs", "service", "quota");
    assert.equal(again.code, 1);
    assert.match(again.output, /tutti: apps\/quota is there already: choose another name\n$/);
  });

  it("makes a service for contracts that are there already", async (t) => {
    await makeAndCheck(t, ["service", "workflow"], "apps/workflow");
  });

  it("makes a library that passes every check", async (t) => {
    await makeAndCheck(t, ["library", "ledger", "--below", "nats"], "libs/ledger");
  });

  for (const [wish, said] of /** @type {const} */ ([
    [
      ["service"],
      "expected `npm run make -- service NAME` or `npm run make -- library NAME [--below LIBRARY]`",
    ],
    [["service", "Quota"], "a package's name is one word of a-z and 0-9, at most 30 characters; found Quota"],
    [["library", "kernel"], "libs/kernel is there already: choose another name"],
    [
      ["library", "ledger", "--below", "nothing"],
      "no library is named nothing: expected one of contracts, kernel,",
    ],
  ])) {
    it(`refuses ${wish.join(" ")}`, async (t) => {
      const copy = copyOfWorkspace(t);
      const { code, output } = await runIn(copy, "tools/make.mjs", ...wish);
      assert.ok(output.includes(`tutti: ${said}`), output);
      assert.equal(code, 1);
    });
  }
});
