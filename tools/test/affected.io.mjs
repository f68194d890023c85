// @ts-check

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Passed } from "../unit/passed.mjs";
import { nothing } from "../unit/run-files.mjs";
import { treeOf, write } from "./tree.mjs";

const tree = {
  "package.json": '{ "workspaces": ["libs/*", "apps/*"] }\n',
  "package-lock.json": "{}\n",
  "docs/page.md": "a page\n",
  "tools/tool.mjs": "",
  "proto/a.proto": "",
  "examples/a.yaml": "one\n",
  "libs/base/package.json":
    '{ "name": "@tutti/base", "exports": { ".": "./src/index.ts", "./*/v1": "./src/generated/*/v1.ts" } }\n',
  "libs/base/src/index.ts": 'export { one } from "./one.ts";\n',
  "libs/base/src/one.ts": "export const one = 1;\n",
  "libs/base/src/one.test.ts": 'import { one } from "./one.ts";\n',
  "libs/base/src/other.ts": "export const other = 2;\n",
  "libs/base/src/other.test.ts":
    'import { other } from "./other.ts";\nnew URL("../../../examples/", import.meta.url);\nnew URL("../../../", import.meta.url);\n',
  "libs/base/src/generated/types/v1.ts": 'export * from "./deep.ts";\n',
  "libs/base/src/generated/types/deep.ts": "/** One. */\nexport type T = 1;\n",
  "apps/service/package.json": '{ "name": "@tutti/service", "tutti": { "testInputs": ["docs/**/*"] } }\n',
  "apps/service/src/started.ts": "",
  "apps/service/src/service.test.ts":
    'import { one } from "@tutti/base";\nimport type { T } from "@tutti/base/types/v1";\nnew URL("./started.ts", import.meta.url);\n',
};

const tests = {
  one: "libs/base/src/one.test.ts",
  other: "libs/base/src/other.test.ts",
  service: "apps/service/src/service.test.ts",
};

describe("test files after a change", () => {
  for (const [changed, affected, text = "changed\n"] of /** @type {const} */ ([
    ["libs/base/src/one.test.ts", ["one"]],
    ["libs/base/src/one.ts", ["one", "service"]],
    ["libs/base/src/other.ts", ["other"]],
    ["libs/base/src/generated/types/deep.ts", ["service"]],
    ["libs/base/src/generated/types/deep.ts", [], "/**\n * Two.\n */\nexport type T = 1;\n"],
    ["libs/base/golden/a.json", ["one", "other"]],
    ["examples/a.yaml", ["other"]],
    ["examples/b/c.yaml", ["other"]],
    ["apps/service/src/started.ts", ["service"]],
    ["docs/page.md", ["service"]],
    ["tools/tool.mjs", []],
    ["proto/a.proto", []],
    ["package-lock.json", ["one", "other", "service"]],
  ]))
    it(`${affected.join(" and ") || "none"} run again for ${changed}${text.startsWith("/**") ? " with another comment" : ""}`, (t) => {
      const root = treeOf(t, tree);
      const files = Object.values(tests).map((path) => join(root, path));
      new Passed(root).record(files, nothing());
      assert.deepEqual(
        files.filter((file) => !new Passed(root).stillHolds(file)),
        [],
      );
      write(root, { [changed]: text });
      const passed = new Passed(root);
      assert.deepEqual(
        Object.entries(tests).flatMap(([name, path]) => (passed.stillHolds(join(root, path)) ? [] : [name])),
        affected,
      );
    });

  it("run again if they failed", (t) => {
    const root = treeOf(t, tree);
    const [failing, ...others] = Object.values(tests).map((path) => join(root, path));
    assert.ok(failing);
    const outcome = { ...nothing(), failures: [{ files: [failing], text: "failed" }] };
    new Passed(root).record([failing, ...others], outcome);
    const passed = new Passed(root);
    assert.deepEqual(
      [failing, ...others].map((file) => passed.stillHolds(file)),
      [false, true, true],
    );
  });
});
