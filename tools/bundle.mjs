// @ts-check

// Bundles services for Node without node_modules and sources. Each thread of a service is a separate bundle next to it.

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { oneScript as oneScriptOf } from "./one-script.mjs";
import { pinnedMajor, workspaceRoot } from "./setup.mjs";
import { threads } from "./threads.mjs";

// CommonJS packages in the bundle load Node's modules with `require`, and find files with `__dirname`. An ES module has
// neither.
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url); const __dirname = import.meta.dirname;';

// Its ES module loads gRPC by a function that esbuild does not recognise as `require`. Its CommonJS twin uses
// `require`.
const alias = {
  "@opentelemetry/otlp-grpc-exporter-base":
    "./node_modules/@opentelemetry/otlp-grpc-exporter-base/dist/index.cjs",
};

/**
 * Packages that others import and no process here uses: 490 kB of text. Protobuf sources are for channelz and ORCA of
 * gRPC, and patterns of files for routes that Fastify finds in a folder. Requests and responses are checked and written
 * by `@tutti/rest`, and no request is injected.
 */
const unused = {
  "@grpc/grpc-js": ["@grpc/proto-loader"],
  "@fastify/static": ["glob"],
  fastify: ["@fastify/ajv-compiler", "@fastify/fast-json-stringify-compiler", "light-my-request"],
};

/** @type {import("esbuild").Plugin} */
const withoutUnused = {
  name: "without-unused",
  setup({ onResolve, onLoad }) {
    for (const [importer, packages] of Object.entries(unused)) {
      const within = `/node_modules/${importer}/`;
      for (const name of packages)
        onResolve({ filter: new RegExp(`^${name}$`) }, (found) =>
          found.importer.replaceAll("\\", "/").includes(within)
            ? { path: name, namespace: "unused" }
            : undefined,
        );
    }
    onLoad({ filter: /^/, namespace: "unused" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Sources that load a file from their folder, with the file, which is copied next to the bundle. */
const readBeside = new Map([
  ["node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm.js", "cedar_wasm_bg.wasm"],
]);

/**
 * @param {Record<string, string>} entries the name of each bundle, without its ending, and its main source
 * @param {string} folder of the bundles
 * @param {{ sourcemap?: boolean, minify?: boolean, splitting?: boolean, oneScript?: boolean }} [options] with splitting,
 *   each dynamic import is a separate file. With `oneScript`, the entry `main` also starts from one script
 * @returns {Promise<Set<string>>} the bundled files
 */
export async function bundle(
  entries,
  folder,
  { sourcemap = true, minify = false, splitting = false, oneScript = false } = {},
) {
  const how = {
    target: `node${pinnedMajor}`,
    sourcemap,
    // The source files exist where the bundle was built. A copy of them would be most of the map.
    sourcesContent: false,
    minifyWhitespace: minify,
    minifySyntax: minify,
    // Stacks need the names of functions. With a map, stacks.mjs finds the names there. Without one, names are not
    // shortened, which costs 2 MiB of the platform. `keepNames` would cost 8 MiB: a table of properties per function.
    minifyIdentifiers: minify && sourcemap,
  };
  const { warnings, metafile, outputFiles } = await build({
    ...how,
    absWorkingDir: workspaceRoot,
    entryPoints: entries,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    splitting,
    write: false,
    chunkNames: "part-[hash]",
    bundle: true,
    alias,
    plugins: [withoutUnused],
    platform: "node",
    format: "esm",
    metafile: true,
    ...(!oneScript && { banner: { js: banner } }),
    logLevel: "warning",
  });
  if (warnings.length > 0)
    throw new Error(
      `${Object.values(entries).join()}: esbuild warned ${warnings.length} times. A bundle is made without warnings`,
    );
  await mkdir(folder, { recursive: true });
  const written = oneScript
    ? await oneScriptOf(outputFiles, metafile.outputs, {
        folder: resolve(workspaceRoot, folder),
        entries: Object.keys(entries).filter((name) => name !== "main"),
        how,
      })
    : outputFiles;
  await Promise.all(
    written.map(({ path, text }) => writeFile(path, /\.[cm]js$/.test(path) ? ascii(text) : text)),
  );
  if (oneScript) await copyFile(join(workspaceRoot, "tools", "boot.mjs"), join(folder, "main.mjs"));
  const inputs = Object.keys(metafile.inputs);
  for (const [source, beside] of readBeside)
    if (inputs.includes(source))
      await copyFile(join(workspaceRoot, dirname(source), beside), join(folder, beside));
  return new Set(inputs.map((file) => resolve(workspaceRoot, file)));
}

/**
 * Returns text in which each character is one byte. A single other character may be in a regular expression or
 * a licence. Then Node keeps the whole file with two bytes per character, for the lifetime of the process.
 *
 * @param {string} text of a program from esbuild, whose strings have no such characters
 */
function ascii(text) {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Returns the threads that bundles start.
 *
 * @param {ReadonlySet<string>} files in the bundles
 * @returns {Record<string, string>} entries
 */
export function threadsStartedBy(files) {
  const started = threads.filter(({ startedBy }) => files.has(join(workspaceRoot, startedBy)));
  return Object.fromEntries(started.map(({ file, name }) => [name, join(workspaceRoot, file)]));
}

/**
 * Bundles services and their threads for an image. Each is built separately: a shared file would have parts that only
 * other bundles use, and Node keeps the text of every loaded file.
 *
 * @param {readonly string[]} services
 * @param {string} folder
 * @returns {Promise<string[]>} the bundled files
 */
export async function bundleServices(services, folder) {
  // Minified text saves 7 MiB per process. With splitting, dynamic imports are loaded on use.
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
