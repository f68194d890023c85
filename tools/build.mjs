#!/usr/bin/env node
// @ts-check

// `nx build`: a bundle of a service, in the service's folder: dist/main.mjs with its source map, and beside it the threads
// that it starts, each a bundle of its own. It needs Node 24 and nothing else: no node_modules, no sources.

import { rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { bundle, threadsStartedBy } from "./bundle.mjs";

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

for (const file of await bundlesOf(process.cwd())) {
  console.log(`${relative(process.cwd(), file)}: ${(statSync(file).size / 1024).toFixed(0)} KiB`);
}
