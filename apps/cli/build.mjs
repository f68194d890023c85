#!/usr/bin/env node
// @ts-check

// `nx build`, and set-up in a clone: the bundle of the command in dist/. main.mjs has the code of all commands. The
// rest is in chunks that are loaded on use, because unread code costs no start-up. It needs Node 18 and nothing else.
//
//   node build.mjs             dist/ next to this file
//   node build.mjs --out DIR   another folder

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { clientPackages } from "./clients.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string" } } });
const dist = values.out === undefined ? join(folder, "dist") : resolve(values.out);

// CommonJS packages in the bundle load Node's modules with `require`, which an ES module lacks.
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

const { warnings, outputFiles } = await build({
  entryPoints: { main: join(folder, "src", "main.ts") },
  outdir: dist,
  outExtension: { ".js": ".mjs" },
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node18.20",
  // The bytes that Node reads cost start-up time. Names stay, so that stack traces are readable.
  minifyWhitespace: true,
  minifySyntax: true,
  external: clientPackages,
  write: false,
  banner: { js: banner },
  logLevel: "warning",
});
if (warnings.length > 0)
  throw new Error(`esbuild warned ${warnings.length} times: a bundle is made without warnings`);

// The new folder replaces the old one as a whole, once it is complete.
const fresh = `${dist}.${process.pid}`;
for (const { path, contents } of outputFiles) {
  const file = join(fresh, relative(dist, path));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
}
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
const size = (/** @type {Uint8Array} */ { length }) => `${(length / 1024).toFixed(0)} KiB`;
const main = outputFiles.find(({ path }) => path === join(dist, "main.mjs"));
const total = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
console.log(
  `${relative(process.cwd(), join(dist, "main.mjs"))}: ${main === undefined ? "" : size(main.contents)}, and ${outputFiles.length - 1} chunks of ${(total / 1024).toFixed(0)} KiB in all`,
);
