// @ts-check

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { environmentFor, nodeFor, workspaceRoot } from "../setup.mjs";
import { startPlatform } from "./platform.mjs";
import { emptyFolder, run } from "./tree.mjs";

const apps = readdirSync(join(workspaceRoot, "apps")).filter((app) =>
  existsSync(join(workspaceRoot, "apps", app, "src", "main.ts")),
);
const node = nodeFor(workspaceRoot);
const env = environmentFor(workspaceRoot, node);

describe("bundles", () => {
  it("are made of at least the registry and the platform", () => {
    for (const app of ["platform", "registry"]) assert.ok(apps.includes(app), app);
  });

  for (const app of apps) {
    it(`${app} starts where there is nothing but its bundle, is ready, and stops when told to`, async (t) => {
      const folder = join(workspaceRoot, "apps", app);
      const { code, output } = await run(node, [join(workspaceRoot, "tools", "build.mjs")], {
        cwd: folder,
        env,
      });
      assert.equal(code, 0, output);
      const alone = emptyFolder(t);
      cpSync(join(folder, "dist", "main.mjs"), join(alone, "main.mjs"));
      const platform = await startPlatform(t, node, ["main.mjs"], { cwd: alone, env });
      for (const path of ["/livez", "/readyz"])
        assert.equal((await fetch(platform.url + path)).status, 200, path);
      assert.deepEqual(await platform.stop(), [0, null]);
    });
  }
});
