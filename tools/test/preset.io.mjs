// @ts-check

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, it } from "node:test";
import { presetOf } from "../preset.mjs";
import { foundInCache } from "../programs.mjs";
import { emptyFolder } from "./tree.mjs";

/** @param {Parameters<typeof presetOf>[0]} start */
const preset = (start) => JSON.parse(presetOf(start));

/** @param {import("node:test").TestContext} t @param {string} folder */
function withCache(t, folder) {
  const before = process.env["TUTTI_CACHE"];
  process.env["TUTTI_CACHE"] = folder;
  t.after(() => {
    if (before === undefined) delete process.env["TUTTI_CACHE"];
    else process.env["TUTTI_CACHE"] = before;
  });
}

describe("what npm start has instead of the defaults", () => {
  it("is the demonstration, and on a terminal a log of warnings", (t) => {
    withCache(t, emptyFolder(t));
    assert.deepEqual(preset({ isEmpty: false, isTerminal: false }), { "platform.demonstration": true });
    assert.deepEqual(preset({ isEmpty: false, isTerminal: true }), {
      "platform.demonstration": true,
      "log.level": "warn",
    });
  });

  it("has no demonstration with --empty", () => {
    assert.deepEqual(preset({ isEmpty: true, isTerminal: false }), {});
  });

  it("names the Python that was brought for tests, where there is one", (t) => {
    withCache(t, emptyFolder(t));
    const python = foundInCache("python3");
    mkdirSync(dirname(python), { recursive: true });
    writeFileSync(python, "");
    assert.deepEqual(preset({ isEmpty: false, isTerminal: false })["platform.pythons"], ["python3", python]);
  });
});
