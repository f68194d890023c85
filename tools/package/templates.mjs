// @ts-check

// Builds the examples for `tutti template` of the package. Each source is built to a file of the same name, because
// Node strips no types below node_modules. Its definition and its source are next to it. Imports from packages are in
// shared chunks.

import { cpSync, globSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { pinnedMajor, workspaceRoot } from "../setup.mjs";

const folders = "{agents,missions,sessions,workflows}";
const notShipped = /\/(history|recorded)\/|outcome\.json$|\.test\.ts$/;

const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url); const __dirname = import.meta.dirname;';

/** @type {import("esbuild").Plugin} Resolves imports of other examples to their built files. */
const besides = {
  name: "besides",
  setup(made) {
    made.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, importer }) =>
      importer.startsWith(join(workspaceRoot, "examples"))
        ? { path: path.replace(/\.ts$/, ".mjs"), external: true }
        : undefined,
    );
  },
};

/**
 * @param {string} out
 * @returns {Promise<string[]>} the files in it
 */
export async function makeTemplates(out) {
  const root = join(workspaceRoot, "examples");
  const all = globSync([`${folders}/**/*`, "{template,examples,plays}.ts"], { cwd: root })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => /\.(ts|yaml|json|mjs|py)$/.test(file) && !notShipped.test(file));
  const { metafile } = await build({
    entryPoints: all.filter((file) => file.endsWith(".ts")).map((file) => join(root, file)),
    outdir: out,
    outbase: root,
    outExtension: { ".js": ".mjs" },
    chunkNames: "parts/[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: `node${pinnedMajor}`,
    minify: true,
    keepNames: true,
    metafile: true,
    plugins: [besides],
    banner: { js: banner },
    absWorkingDir: workspaceRoot,
    logLevel: "warning",
  });
  for (const file of all) cpSync(join(root, file), join(out, file));
  return Object.keys(metafile.inputs).map((file) => join(workspaceRoot, file));
}
