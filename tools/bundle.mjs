// @ts-check

// Bundles of services, for Node alone: no node_modules, no sources. The threads that a service starts are bundles of
// their own beside it.

import { join, resolve } from "node:path";
import { build } from "esbuild";
import { pinnedMajor, workspaceRoot } from "./setup.mjs";

/** Files that start a thread, the thread's own file, and the name under which they look for it in a bundle. */
const threads = [
  {
    startedBy: "libs/journal/src/segments/worker-host.ts",
    file: "libs/journal/src/segments/worker.ts",
    name: "journal-worker",
  },
  {
    startedBy: "libs/journal/src/archive/sqlite/thread/archive-thread.ts",
    file: "libs/journal/src/archive/sqlite/thread/worker.ts",
    name: "archive-worker",
  },
  {
    startedBy: "apps/governance/src/audit/thread/audit-thread.ts",
    file: "apps/governance/src/audit/thread/worker.ts",
    name: "audit-worker",
  },
];

// CommonJS packages in the bundle ask for Node's own modules with `require`, which a module of the bundle's kind lacks.
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

/**
 * @param {Record<string, string>} entries what each bundle is called, without its ending, and the source it begins with
 * @param {string} folder where they are put
 * @param {{ sourcemap?: boolean, minify?: boolean }} [options]
 * @returns {Promise<Set<string>>} the files that are in them. Several share what they have in common.
 */
export async function bundle(entries, folder, { sourcemap = true, minify = false } = {}) {
  const { warnings, metafile } = await build({
    absWorkingDir: workspaceRoot,
    entryPoints: entries,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    splitting: Object.keys(entries).length > 1,
    chunkNames: "part-[hash]",
    bundle: true,
    platform: "node",
    format: "esm",
    target: `node${pinnedMajor}`,
    sourcemap,
    minify,
    metafile: true,
    // Names of classes and functions are in logs and errors.
    keepNames: true,
    banner: { js: banner },
    logLevel: "warning",
  });
  if (warnings.length > 0)
    throw new Error(
      `${Object.values(entries).join()}: esbuild warned ${warnings.length} times; a bundle is made without warnings`,
    );
  return new Set(Object.keys(metafile.inputs).map((file) => resolve(workspaceRoot, file)));
}

/**
 * The threads that bundles start.
 *
 * @param {ReadonlySet<string>} files that are in the bundles
 * @returns {Record<string, string>} entries
 */
export function threadsStartedBy(files) {
  const started = threads.filter(({ startedBy }) => files.has(join(workspaceRoot, startedBy)));
  return Object.fromEntries(started.map(({ file, name }) => [name, join(workspaceRoot, file)]));
}

/**
 * Bundles of services and of the threads that they start, as an image has them.
 *
 * @param {readonly string[]} services
 * @param {string} folder
 * @returns {Promise<string[]>} the files that are in them
 */
export async function bundleServices(services, folder) {
  const entries = Object.fromEntries(
    services.map((service) => [service, join(workspaceRoot, "apps", service, "src", "main.ts")]),
  );
  // Node keeps the text of what it runs: half of it is 7 MiB less for each process.
  const how = { sourcemap: false, minify: true };
  const files = [...(await bundle(entries, folder, how))];
  // Each by itself: a thread shares nothing with what starts it.
  for (const [name, source] of Object.entries(threadsStartedBy(new Set(files))))
    files.push(...(await bundle({ [name]: source }, folder, how)));
  return files;
}
