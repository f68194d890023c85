// @ts-check

// Changes to the workspace around a new package, for all generators.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tool } from "../checks/commands.mjs";
import { say } from "../launch.mjs";
import { setUp } from "../setup.mjs";

/**
 * @param {string} root
 * @param {Record<string, string>} files text by path
 */
export function writeFiles(root, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    say(`made ${path}`);
  }
}

/**
 * Changes a file. Throws if nothing changes, because the file then does not have the form that the generator expects.
 *
 * @param {string} root
 * @param {string} path
 * @param {(text: string) => string} change
 */
export function changeFile(root, path, change) {
  const text = readFileSync(join(root, path), "utf8");
  const changed = change(text);
  if (changed === text)
    throw new Error(`${path} has an unexpected format: add the package by hand, and fix tools/make`);
  writeFileSync(join(root, path), changed);
  say(`changed ${path}`);
}

/**
 * @param {string} name
 * @param {string} description one sentence, listed in docs/architecture.md
 * @param {string[]} dependencies packages of the workspace
 * @param {Record<string, string>} [others]
 * @param {Record<string, string>} [scripts]
 */
export function manifest(name, description, dependencies, others = {}, scripts = {}) {
  const own = dependencies.map((dependency) => [`@tutti/${dependency}`, "*"]);
  return {
    name: `@tutti/${name}`,
    version: "0.1.0",
    private: true,
    description,
    license: "Apache-2.0",
    type: "module",
    exports: { ".": "./src/index.ts" },
    scripts: {
      ...scripts,
      typecheck: "tsc -p tsconfig.json",
      lint: "biome check .",
      test: "node ../../tools/unit.mjs",
    },
    dependencies: Object.fromEntries(
      [...own, ...Object.entries(others)].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    ),
  };
}

/** @param {string} [up] path from the package to the root */
export function compilerOptions(up = "../..") {
  return json({ extends: `${up}/tsconfig.base.json`, include: ["src", "test"] });
}

/** @param {object} value */
export function json(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/**
 * Adds a package to the lockfile and node_modules as `npm install` would. It needs no registry, because all
 * dependencies are already installed.
 *
 * @param {string} root
 * @param {string} folder
 * @param {ReturnType<typeof manifest>} made
 */
export function enterPackage(root, folder, made) {
  changeFile(root, "package-lock.json", (text) => {
    const lock = JSON.parse(text);
    const { name, version, license, dependencies } = made;
    lock.packages[folder] = { name, version, license, dependencies };
    lock.packages[`node_modules/${name}`] = { resolved: folder, link: true };
    return json(sorted(lock));
  });
  symlinkSync(join("..", "..", folder), join(root, "node_modules", made.name), "junction");
}

/**
 * Adds a dependency to the manifest and the lockfile.
 *
 * @param {string} root
 * @param {string} folder
 * @param {string} dependency
 */
export function addDependency(root, folder, dependency) {
  /** @param {{ dependencies: Record<string, string> }} entry */
  const add = (entry) => {
    const all = { ...entry.dependencies, [dependency]: "*" };
    entry.dependencies = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  changeFile(root, join(folder, "package.json"), (text) => {
    const value = JSON.parse(text);
    add(value);
    return json(value);
  });
  changeFile(root, "package-lock.json", (text) => {
    const lock = JSON.parse(text);
    add(lock.packages[folder]);
    return json(lock);
  });
}

/**
 * Returns the packages in npm's order.
 *
 * @param {{ packages: Record<string, object> }} lock
 */
function sorted(lock) {
  const packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")),
  );
  return { ...lock, packages };
}

/**
 * Generates and formats all derived files: code, the image of the contracts, the reference, the architecture page.
 *
 * @param {string} root
 * @param {string[]} made files to format
 */
export async function finish(root, made) {
  await setUp(say, root);
  await format(root, made);
  const breaking = await tool("tools/generate.mjs", "--breaking")(root);
  if (breaking.length === 0) await step(root, "tools/generate.mjs", "--image");
  else
    say(
      "the image of the contracts was not updated, because of breaking changes: see node tools/generate.mjs --breaking",
    );
  // In a separate process, because the order of the libraries may have changed since this process started.
  await Promise.all([step(root, "tools/reference.mjs"), step(root, "tools/architecture.mjs")]);
}

/**
 * @param {string} root
 * @param {string[]} paths
 */
export async function format(root, paths) {
  await step(root, "node_modules/@biomejs/biome/bin/biome", "check", "--write", ...paths);
}

/**
 * @param {string} root
 * @param {string} script
 * @param {...string} args
 */
export async function step(root, script, ...args) {
  const problems = await tool(script, ...args)(root);
  if (problems.length > 0) throw new Error(`${script} ${args.join(" ")}:\n${problems.join("\n")}`);
}
