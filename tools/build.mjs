#!/usr/bin/env node
// @ts-check

// Bundles a service: main.mjs with its source map, and next to it a bundle for each thread that it starts.
// The bundles need Node 24 and nothing else: no node_modules, no sources.
//
//   node tools/build.mjs                      dist/ in the service's folder (`nx build`)
//   node tools/build.mjs --split --out DIR    the platform of `npm start`: parts that load on first use, and the kernel as an
//                                             entry, so that orchestrators of a user extend the class of the bundle
//   node tools/build.mjs --services --out DIR each service as a file, for tests that start processes
//   node tools/build.mjs --threads --out DIR  each thread as a file, for tests of services in their own process

import { renameSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { bundle, threadsStartedBy } from "./bundle.mjs";
import { workspaceRoot } from "./setup.mjs";
import { threads } from "./threads.mjs";

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
 * @param {Record<string, string>} entries
 * @param {string} folder
 * @param {boolean} [sourcemap]
 */
async function splitInto(entries, folder, sourcemap = true) {
  const how = { minify: true, splitting: true, sourcemap };
  const files = await bundle(entries, folder, { ...how, oneScript: "main" in entries });
  for (const [name, source] of Object.entries(threadsStartedBy(files)))
    await bundle({ [name]: source }, folder, how);
}

/**
 * Creates a folder atomically: it exists only when it is complete.
 *
 * @param {string} out
 * @param {(folder: string) => Promise<unknown>} make
 */
async function whole(out, make) {
  const fresh = `${out}.${process.pid}`;
  await make(fresh);
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
}

/** @param {string} service */
function mainOf(service) {
  return join(workspaceRoot, "apps", service, "src", "main.ts");
}

const { values } = parseArgs({
  options: {
    split: { type: "boolean" },
    services: { type: "boolean" },
    threads: { type: "boolean" },
    out: { type: "string" },
  },
});
const { split, services, out = "" } = values;
if (split) {
  const kernel = join(workspaceRoot, "libs", "kernel", "src", "index.ts");
  const main = join(process.cwd(), "src", "main.ts");
  await whole(out, (fresh) => splitInto({ main, kernel }, fresh));
} else if (services) {
  const names = ["gateway", "governance", "insight", "master", "registry", "swarm", "workflow"];
  const entries = Object.fromEntries(names.map((name) => [name, mainOf(name)]));
  await whole(out, (fresh) => splitInto(entries, fresh, false));
} else if (values.threads) {
  const entries = threads.map(({ name, file }) => [name, join(workspaceRoot, file)]);
  await whole(out, (fresh) => bundle(Object.fromEntries(entries), fresh));
} else
  for (const file of await bundlesOf(process.cwd())) {
    console.log(`${relative(process.cwd(), file)}: ${(statSync(file).size / 1024).toFixed(0)} KiB`);
  }
