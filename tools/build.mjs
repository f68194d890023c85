#!/usr/bin/env node
// @ts-check

// `nx build`: a bundle of a service, in the service's folder: dist/main.mjs with its source map, and beside it the threads
// that it starts, each a bundle of its own. It needs Node 24 and nothing else: no node_modules, no sources.

import { rmSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { pinnedMajor, workspaceRoot } from "./setup.mjs";

/** Files that start a thread, the thread's own file, and the name under which they look for it in a bundle. */
const threads = [
  {
    startedBy: "libs/journal/src/segments/worker-host.ts",
    file: "libs/journal/src/segments/worker.ts",
    name: "journal-worker.mjs",
  },
  {
    startedBy: "libs/journal/src/archive/sqlite/thread/archive-thread.ts",
    file: "libs/journal/src/archive/sqlite/thread/worker.ts",
    name: "archive-worker.mjs",
  },
  {
    startedBy: "apps/governance/src/audit/thread/audit-thread.ts",
    file: "apps/governance/src/audit/thread/worker.ts",
    name: "audit-worker.mjs",
  },
];

// CommonJS packages in the bundle ask for Node's own modules with `require`, which a module of the bundle's kind lacks.
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

/**
 * @param {string} source
 * @param {string} target
 * @returns {Promise<Set<string>>} the files that are in it
 */
async function bundle(source, target) {
  const { warnings, metafile } = await build({
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: "node",
    format: "esm",
    target: `node${pinnedMajor}`,
    sourcemap: true,
    metafile: true,
    // Names of classes and functions are in logs and errors.
    keepNames: true,
    banner: { js: banner },
    logLevel: "warning",
  });
  if (warnings.length > 0)
    throw new Error(`${source}: esbuild warned ${warnings.length} times; a bundle is made without warnings`);
  return new Set(Object.keys(metafile.inputs).map((file) => resolve(file)));
}

/**
 * @param {string} folder of the service
 * @returns {Promise<string[]>} the bundles
 */
async function bundlesOf(folder) {
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  const main = join(dist, "main.mjs");
  const files = await bundle(join(folder, "src", "main.ts"), main);
  const started = threads.filter(({ startedBy }) => files.has(join(workspaceRoot, startedBy)));
  const made = started.map(async ({ file, name }) => {
    await bundle(join(workspaceRoot, file), join(dist, name));
    return join(dist, name);
  });
  return [main, ...(await Promise.all(made))];
}

for (const file of await bundlesOf(process.cwd())) {
  console.log(`${relative(process.cwd(), file)}: ${(statSync(file).size / 1024).toFixed(0)} KiB`);
}
