#!/usr/bin/env node
// @ts-check

// Bundles a service: main.mjs with its source map, and next to it the threads that it starts, each a bundle of its own.
// The bundles need Node 24 and nothing else: no node_modules, no sources.
//
//   node tools/build.mjs                      dist/ in the service's folder (`nx build`)
//   node tools/build.mjs --split --out DIR    the platform of `npm start`: parts that load on first use, and the kernel as an
//                                             entry, so that orchestrators of a user extend the class of the bundle

import { renameSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { bundle, threadsStartedBy } from "./bundle.mjs";
import { workspaceRoot } from "./setup.mjs";

/**
 * @param {string} folder of the service
 * @returns {Promise<string[]>} the bundles
 */
async function bundlesOf(folder) {
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  const files = await bundle({ main: join(folder, "src", "main.ts") }, dist);
  const started = Object.entries(threadsStartedBy(files));
  await Promise.all(started.map(([name, source]) => bundle({ [name]: source }, dist)));
  return ["main", ...started.map(([name]) => name)].map((name) => join(dist, `${name}.mjs`));
}

/**
 * The folder is there when it is whole, and not before.
 *
 * @param {string} folder of the service
 * @param {string} out
 */
async function splitInto(folder, out) {
  const fresh = `${out}.${process.pid}`;
  const how = { minify: true, splitting: true };
  const kernel = join(workspaceRoot, "libs", "kernel", "src", "index.ts");
  const files = await bundle({ main: join(folder, "src", "main.ts"), kernel }, fresh, how);
  for (const [name, source] of Object.entries(threadsStartedBy(files)))
    await bundle({ [name]: source }, fresh, how);
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
}

const { values } = parseArgs({ options: { split: { type: "boolean" }, out: { type: "string" } } });
if (values.split && values.out !== undefined) await splitInto(process.cwd(), values.out);
else
  for (const file of await bundlesOf(process.cwd())) {
    console.log(`${relative(process.cwd(), file)}: ${(statSync(file).size / 1024).toFixed(0)} KiB`);
  }
