// Finds declarations in the packages of the workspace by their form, so that a new error catalogue or configuration
// section needs no registration.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @typedef {object} SourceFile
 * @property {string} path in the workspace
 * @property {string} file
 * @property {string} text
 */

/** Code for readers and tests. No service runs it, so its errors belong to no service. */
const onlyExamples = new Set(["libs/machines/bank"]);

/**
 * Returns every source file of the packages, without tests and files that only tests import.
 *
 * @param {string} root
 * @returns {SourceFile[]}
 */
export function sourceFiles(root) {
  return ["libs", "libs/machines", "apps"]
    .flatMap((room) => packagesIn(join(root, room)))
    .filter((folder) => !onlyExamples.has(relative(root, folder).replaceAll("\\", "/")))
    .flatMap((folder) => filesUnder(join(folder, "src")))
    .filter((file) => file.endsWith(".ts") && !/\.(test|io|nightly|fixture|d)\.ts$/.test(file))
    .sort()
    .map((file) => ({
      path: relative(root, file).replaceAll("\\", "/"),
      file,
      text: readFileSync(file, "utf8"),
    }));
}

/** Loads every error catalogue. The kernel collects them. */
export async function loadCatalogues(files) {
  await importEach(files, /= defineErrors\(/);
}

/** Returns every configuration section. Throws for two of one name, because names are unique in the installation. */
export async function declaredSections(files) {
  const sections = new Map();
  for (const [path, module] of await importEach(files, /= defineSection\(/)) {
    const own = Object.values(module).filter(isSection);
    if (own.length === 0) throw new Error(`${path}: a section is not exported. Export it`);
    for (const section of own) {
      const other = sections.get(section.name);
      if (other !== undefined && other !== section)
        throw new Error(`${path}: the section ${section.name} is declared twice: rename one`);
      sections.set(section.name, section);
    }
  }
  return [...sections.values()];
}

/** Returns the contracts that services serve: `registryService`. */
export function servedContracts(files) {
  return new Set(
    files
      // The host serves the contracts of machines, in each service with machines.
      .filter(({ path }) => path.startsWith("apps/") || path.startsWith("libs/host/src/"))
      .flatMap(({ text }) => [...text.matchAll(/\bmesh\.serve\(\s*(\w+)/g)].map(([, name]) => name)),
  );
}

async function importEach(files, declares) {
  const modules = [];
  for (const { path, file, text } of files) {
    if (!declares.test(text)) continue;
    if (path.endsWith("/main.ts"))
      throw new Error(
        `${path} starts a process when it is imported: move the declaration into a separate file`,
      );
    modules.push([path, await import(pathToFileURL(file).href)]);
  }
  return modules;
}

function isSection(value) {
  return typeof value === "object" && value !== null && Array.isArray(value.keys) && "schema" in value;
}

function packagesIn(room) {
  return readdirSync(room, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => join(room, entry.name));
}

function filesUnder(folder) {
  const notOurs = new Set(["node_modules", "generated", "dist", "testing"]);
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !notOurs.has(entry.name))
      .flatMap((entry) =>
        entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
      );
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}
