#!/usr/bin/env node
// @ts-check

// `nx build`: one bundle of a service, in the service's folder: dist/main.mjs with its source map. It needs Node 24
// and nothing else: no node_modules, no sources.

import { rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { pinnedMajor } from "./setup.mjs";

// CommonJS packages in the bundle ask for Node's own modules with `require`, which a module of the bundle's kind lacks.
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

/** @param {string} folder of the service */
async function bundle(folder) {
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  const { warnings } = await build({
    entryPoints: [join(folder, "src", "main.ts")],
    outfile: join(dist, "main.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: `node${pinnedMajor}`,
    sourcemap: true,
    // Names of classes and functions are in logs and errors.
    keepNames: true,
    banner: { js: banner },
    logLevel: "warning",
  });
  if (warnings.length > 0)
    throw new Error(`${folder}: esbuild warned ${warnings.length} times; a bundle is made without warnings`);
  return join(dist, "main.mjs");
}

const file = await bundle(process.cwd());
console.log(`${relative(process.cwd(), file)}: ${(statSync(file).size / 1024).toFixed(0)} KiB`);
