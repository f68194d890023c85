// @ts-check

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { workspaceRoot } from "../setup.mjs";
import { batchesOf, longFiles } from "../unit/batches.mjs";

/** @param {string} folder @param {string[]} files */
const of = (folder, ...files) =>
  /** @type {const} */ ([{ name: folder, folder }, files.map((file) => `/root/${folder}/${file}`)]);
const short = Array.from({ length: 20 }, (_, at) => `test/${at}.io.ts`);

describe("processes of test files", () => {
  it("start with the longest, and hold files of one package for about as long as one of them", () => {
    const files = new Map([
      of("apps/cli", "test/commands-house.io.ts", "test/apply.io.ts", "test/x.io.ts"),
      of("apps/cluster", "test/cluster.io.ts", "test/x.io.ts"),
      of("libs/x", ...short),
    ]);
    const batches = batchesOf("io", files, "/root");
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [1, 2, 12, 8, 1, 1],
    );
    assert.deepEqual(batches[0], ["/root/apps/cluster/test/cluster.io.ts"]);
    assert.deepEqual(batches[1], [
      "/root/apps/cli/test/commands-house.io.ts",
      "/root/apps/cli/test/apply.io.ts",
    ]);
    assert.equal(new Set(batches.flat()).size, 25);
  });

  it("hold pure tests of all packages, and those that open installations apart", () => {
    const many = Array.from({ length: 80 }, (_, at) => `test/${at}.test.ts`);
    const files = new Map([of("apps/cli", "a.test.ts"), of("libs/x", ...many), of("libs/y", "b.test.ts")]);
    assert.deepEqual(
      batchesOf("test", files, "/root").map((batch) => batch.length),
      [1, 41, 40],
    );
  });

  it("know no file that is gone", () => {
    const gone = Object.keys(longFiles).filter((file) => !existsSync(join(workspaceRoot, file)));
    assert.deepEqual(gone, []);
  });
});
