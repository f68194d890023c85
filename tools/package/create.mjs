// @ts-check

// The package create-tutti, for `npm create tutti`: the starters of examples/starters.

import { cpSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { workspaceRoot } from "../setup.mjs";

/**
 * @param {string} folder
 * @param {import("../package.mjs").Common} common
 * @returns {Promise<import("../package.mjs").Made>}
 */
export async function makeCreate(folder, common) {
  cpSync(join(workspaceRoot, "tools", "package", "create-tutti.mjs"), join(folder, "create-tutti.mjs"));
  cpSync(join(workspaceRoot, "examples", "starters"), join(folder, "starters"), {
    recursive: true,
    filter: (file) => !/__pycache__|node_modules/.test(file),
  });
  // With the wheel, the project can be installed without a Python index.
  const { wheel } = common;
  if (wheel !== undefined) cpSync(wheel, join(folder, "starters", "python-worker", basename(wheel)));
  const manifest = {
    name: "create-tutti",
    ...common.manifest,
    description: "Creates a project for Tutti: npm create tutti FOLDER",
    type: "module",
    bin: { "create-tutti": "create-tutti.mjs" },
    files: ["create-tutti.mjs", "starters", "sbom.cdx.json"],
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(folder, "README.md"),
    "# create-tutti\n\nCreates a project for Tutti: `npm create tutti FOLDER`.\n",
  );
  return { files: [] };
}
