// @ts-check

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { contentOf, importsAnd, unlessUnchanged } from "../checks/unchanged.mjs";
import { treeOf, write } from "./tree.mjs";

const tree = {
  "package-lock.json": "{}",
  "proto/a.proto": "a",
  "proto/b.md": "b",
};

describe("a check of files", () => {
  it("runs again once one of them changed, or if it failed", async (t) => {
    const root = treeOf(t, tree);
    let runs = 0;
    let problems = ["wrong"];
    const check = unlessUnchanged("one", contentOf("proto/*.proto"), () => {
      runs++;
      return problems;
    });
    assert.deepEqual(await check(root), ["wrong"]);
    assert.deepEqual(await check(root), ["wrong"]);
    problems = [];
    assert.deepEqual([await check(root), await check(root)], [[], []]);
    assert.equal(runs, 3);
    write(root, { "proto/b.md": "other" });
    await check(root);
    assert.equal(runs, 3);
    write(root, { "proto/a.proto": "other" });
    await check(root);
    assert.equal(runs, 4);
  });
});

/**
 * Returns the key of a new tree with the text, because `sourcesOf` reads a tree only once.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} text
 */
function keyOf(t, text) {
  return importsAnd("knip.json")(
    treeOf(t, { ...tree, "libs/a/package.json": "{}", "libs/a/src/a.ts": text }),
  );
}

describe("the key of imports and exports", () => {
  const text = 'import { one } from "./one.ts";\nexport const two = one;\n';

  for (const [what, other] of /** @type {const} */ ([
    ["an import", 'import { one, three } from "./one.ts";\nexport const two = one;\n'],
    ["a type", 'import { type one } from "./one.ts";\nexport const two = one;\n'],
    ["a module", 'import { one } from "./other.ts";\nexport const two = one;\n'],
    ["an export", 'import { one } from "./one.ts";\nexport const four = one;\n'],
    ["an export of another module", `${text}export { five } from "./five.ts";\n`],
  ]))
    it(`changes with ${what}`, (t) => {
      assert.notEqual(keyOf(t, text), keyOf(t, other));
    });

  it("does not change with anything else of a file", (t) => {
    assert.equal(keyOf(t, text), keyOf(t, `${text}// Later.\n`));
  });

  it("changes with everything in a file that uses a whole module by name", (t) => {
    const whole = 'import * as all from "./one.ts";\nexport const two = all.one;\n';
    assert.notEqual(keyOf(t, whole), keyOf(t, whole.replace("all.one", "all.three")));
    const later = 'export const two = (await import("./one.ts")).one;\n';
    assert.notEqual(keyOf(t, later), keyOf(t, later.replace(").one", ").three")));
  });
});
