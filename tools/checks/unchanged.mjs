// @ts-check

// Skips checks whose inputs have not changed since they passed. In a fresh clone all checks run.
//
// 1. A key covers the check itself: its tools, their versions and their configuration.
// 2. A check that fails leaves no key.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tool } from "./commands.mjs";
import { sourcesOf } from "./sources.mjs";

/** @typedef {(root: string) => Promise<string[]> | string[]} Check */

/**
 * @param {string} name
 * @param {(root: string) => string} keyOf
 * @param {Check} check
 * @returns {(root: string) => Promise<string[]>}
 */
export function unlessUnchanged(name, keyOf, check) {
  return async (root) => {
    const file = keptIn(root, name);
    const key = keyOf(root);
    if (readIfThere(file) === key) return [];
    const problems = await check(root);
    if (problems.length === 0) keep(file, key);
    else rmSync(file, { force: true });
    return problems;
  };
}

/** @param {string[]} patterns @returns {(root: string) => string} a key of these files */
export function contentOf(...patterns) {
  return (root) => {
    const hash = createHash("sha256");
    for (const name of globSync(["package-lock.json", ...patterns], { cwd: root }).sort()) {
      const file = join(root, name);
      if (statSync(file).isFile()) hash.update(`${name}\0`).update(readFileSync(file));
    }
    return hash.digest("hex");
  };
}

/**
 * Returns a key of all imports and exports. Files that import whole modules count with their whole text, because they
 * use imports by name later.
 *
 * @param {string[]} patterns of files that also count with their whole text
 * @returns {(root: string) => string}
 */
export function importsAnd(...patterns) {
  const packages = [
    "package.json",
    "{libs,libs/machines,apps,sdk}/*/package.json",
    "{bench,tools}/package.json",
  ];
  const others = contentOf("tools/checks/*.mjs", "proto/**/*.proto", ...packages, ...patterns);
  return (root) => {
    const hash = createHash("sha256").update(others(root));
    for (const { path, text, interfaces } of sourcesOf(root))
      hash.update(`${path}\0`).update(interfaces === undefined ? text : interfaces.join("\0"));
    return hash.digest("hex");
  };
}

/** With more changed files than this, the whole clone is checked. */
const filesMax = 400;

/**
 * Returns a check by a tool that reads each file independently. The tool gets the files that changed since they passed.
 *
 * @param {string} name
 * @param {string} configuration
 * @param {string} script
 * @param {string[]} args
 * @returns {(root: string) => Promise<string[]>}
 */
export function changedFiles(name, configuration, script, ...args) {
  const keyOf = contentOf("tools/checks/unchanged.mjs", ".gitignore", configuration);
  return async (root) => {
    const files = filesOfClone(root);
    if (files === undefined) return tool(script, ...args, ".")(root);
    const file = keptIn(root, name);
    const { key: keptKey, hashes: kept } = JSON.parse(readIfThere(file) ?? "{}");
    const key = keyOf(root);
    /** @type {Record<string, string>} */
    const hashes = Object.fromEntries(files.map((one) => [one, hashOf(join(root, one))]));
    const changed = keptKey === key ? files.filter((one) => kept[one] !== hashes[one]) : files;
    const asked = changed.length > filesMax ? ["."] : changed;
    const problems = asked.length === 0 ? [] : await tool(script, ...args, ...asked)(root);
    // Failed files are checked again, and so are files that changed in the meantime.
    if (problems.length === 0) keep(file, JSON.stringify({ key, hashes }));
    return problems;
  };
}

/** @param {string} root @returns {string[] | undefined} the tracked and untracked files. Undefined without git */
function filesOfClone(root) {
  try {
    const names = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const files = names.toString("utf8").split("\0");
    return files.filter((name) => name !== "" && existsSync(join(root, name)));
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function hashOf(file) {
  if (!statSync(file).isFile()) return "";
  return createHash("sha256").update(readFileSync(file)).digest("base64url").slice(0, 16);
}

/** @param {string} root @param {string} name */
function keptIn(root, name) {
  return join(root, ".cache", "checks", name.replaceAll(/\W+/g, "-"));
}

/** @param {string} file @param {string} text */
function keep(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
