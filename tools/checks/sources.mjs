// @ts-check

// The source files of the workspace, parsed once for all checks that read them.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseSync } from "oxc-parser";

/**
 * @typedef {object} Source
 * @property {string} path in the workspace, with slashes
 * @property {string} text
 * @property {boolean} isTest a test, or a file that only tests import
 * @property {(offset: number) => number} lineOf
 * @property {readonly string[]} imports its imports and re-exports, static and dynamic, as written
 * @property {readonly string[] | undefined} interfaces its imports and exports, as written. Undefined if it
 *                                                      imports whole modules or imports dynamically, because it then
 *                                                      uses them by name
 * @property {import("oxc-parser").ParseResult["program"]} program
 * @property {import("oxc-parser").ParseResult["comments"]} comments
 */

const rooms = ["libs", "apps", "sdk", "bench", "tools"];
const notOurs = new Set(["node_modules", "generated", "dist"]);

/** @type {Map<string, Source[]>} */
const read = new Map();

/**
 * @param {string} root
 * @returns {Source[]}
 */
export function sourcesOf(root) {
  let sources = read.get(root);
  if (sources === undefined) {
    sources = sourceFiles(root).map((file) => sourceOf(root, file));
    read.set(root, sources);
  }
  return sources;
}

/**
 * Reads only the sources whose path matches.
 *
 * @param {string} root
 * @param {RegExp} paths
 * @returns {Source[]}
 */
export function sourcesMatching(root, paths) {
  return sourceFiles(root)
    .filter((file) => paths.test(pathOf(root, file)))
    .map((file) => sourceOf(root, file));
}

/** @param {string} root */
export function sourceFiles(root) {
  return rooms
    .filter((room) => existsSync(join(root, room)))
    .flatMap((room) => filesUnder(join(root, room)))
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file));
}

/** @param {string} root @param {string} file */
function pathOf(root, file) {
  return relative(root, file).split(sep).join("/");
}

/** Paths of tests, and of files that only tests import. */
export const testPaths = "\\.(test|io|nightly|fixture)\\.(ts|tsx|mjs)$|/(test|testing)/";

const testPath = new RegExp(testPaths);

/**
 * @param {string} root
 * @param {string} file
 * @returns {Source}
 */
function sourceOf(root, file) {
  const path = pathOf(root, file);
  const text = readFileSync(file, "utf8");
  const { program, module, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  return {
    path,
    text,
    program,
    comments,
    isTest: testPath.test(path),
    lineOf: (offset) => text.slice(0, offset).split("\n").length,
    imports: importsOf(module, text),
    interfaces: interfacesOf(module, text),
  };
}

/**
 * @param {import("oxc-parser").ParseResult["module"]} module
 * @param {string} text
 */
function interfacesOf({ staticImports, staticExports, dynamicImports }, text) {
  const isWhole = staticImports.some(({ entries }) =>
    entries.some(({ importName }) => importName.kind === "NamespaceObject"),
  );
  if (isWhole || dynamicImports.length > 0) return undefined;
  return [
    ...staticImports.map(({ start, end }) => text.slice(start, end)),
    ...staticExports.flatMap(({ entries }) =>
      entries.map(({ exportName, moduleRequest }) =>
        [exportName.kind, exportName.name, moduleRequest?.value].join(" "),
      ),
    ),
  ];
}

/**
 * @param {import("oxc-parser").ParseResult["module"]} module
 * @param {string} text
 */
function importsOf({ staticImports, staticExports, dynamicImports }, text) {
  return [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    // A computed specifier is no name.
    ...dynamicImports
      .filter(({ moduleRequest: { start } }) => /["'`]/.test(text[start] ?? ""))
      .map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1))
      .filter((name) => !name.includes("${")),
  ];
}

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !notOurs.has(entry.name) && !entry.name.startsWith("."))
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
    );
}
