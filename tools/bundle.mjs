// @ts-check

// Bundles of services, for Node alone: no node_modules, no sources. The threads that a service starts are bundles of
// their own beside it.

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { pinnedMajor, workspaceRoot } from "./setup.mjs";
import { threads } from "./threads.mjs";

// CommonJS packages in the bundle ask for Node's own modules with `require`, and for files beside them with `__dirname`. A module
// of the bundle's kind has neither.
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url); const __dirname = import.meta.dirname;';

// Its module asks for gRPC by a function that esbuild does not know as `require`. Its twin in CommonJS says `require`.
const alias = {
  "@opentelemetry/otlp-grpc-exporter-base":
    "./node_modules/@opentelemetry/otlp-grpc-exporter-base/dist/index.cjs",
};

/** Sources that read a file beside them when they are loaded, and the file: it is put beside the bundle. */
const readBeside = new Map([
  ["node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm.js", "cedar_wasm_bg.wasm"],
]);

/**
 * @param {Record<string, string>} entries the name of each bundle, without its ending, and its main source
 * @param {string} folder where they are put
 * @param {{ sourcemap?: boolean, minify?: boolean, splitting?: boolean }} [options] split, what is imported later is a file of its own
 * @returns {Promise<Set<string>>} the files that are in them
 */
export async function bundle(entries, folder, { sourcemap = true, minify = false, splitting = false } = {}) {
  const { warnings, metafile, outputFiles } = await build({
    absWorkingDir: workspaceRoot,
    entryPoints: entries,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    splitting,
    write: false,
    chunkNames: "part-[hash]",
    bundle: true,
    alias,
    platform: "node",
    format: "esm",
    target: `node${pinnedMajor}`,
    sourcemap,
    // The source files are where the bundle was made. A copy of them would be most of the map.
    sourcesContent: false,
    minifyWhitespace: minify,
    minifySyntax: minify,
    // Stacks name functions. With a map stacks.mjs finds the names there, and without one they stay as they are. `keepNames`
    // makes a table of properties for each function: 8 MiB of the platform, where the longer text is 2.
    minifyIdentifiers: minify && sourcemap,
    metafile: true,
    banner: { js: banner },
    logLevel: "warning",
  });
  if (warnings.length > 0)
    throw new Error(
      `${Object.values(entries).join()}: esbuild warned ${warnings.length} times. A bundle is made without warnings`,
    );
  await mkdir(folder, { recursive: true });
  await Promise.all(
    outputFiles.map(({ path, text }) => writeFile(path, path.endsWith(".mjs") ? ascii(text) : text)),
  );
  const inputs = Object.keys(metafile.inputs);
  for (const [source, beside] of readBeside)
    if (inputs.includes(source))
      await copyFile(join(workspaceRoot, dirname(source), beside), join(folder, beside));
  return new Set(inputs.map((file) => resolve(workspaceRoot, file)));
}

/**
 * Text in which every character is a byte. One that is not, in a regular expression or a licence, makes Node keep the whole file with
 * two bytes for each character, for as long as the process lives.
 *
 * @param {string} text of a program, from esbuild, which has none in its strings
 */
function ascii(text) {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
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
 * Bundles of services and of the threads that they start, as an image has them. Each is made separately. A shared file
 * would carry parts that only other bundles use, and Node keeps the text of every loaded file.
 *
 * @param {readonly string[]} services
 * @param {string} folder
 * @returns {Promise<string[]>} the files that are in them
 */
export async function bundleServices(services, folder) {
  // Half of the text is 7 MiB less for each process, and what is imported later is not there before.
  const how = { sourcemap: false, minify: true, splitting: true };
  const files = [];
  for (const service of services)
    files.push(
      ...(await bundle({ [service]: join(workspaceRoot, "apps", service, "src", "main.ts") }, folder, how)),
    );
  for (const [name, source] of Object.entries(threadsStartedBy(new Set(files))))
    files.push(...(await bundle({ [name]: source }, folder, how)));
  return files;
}
