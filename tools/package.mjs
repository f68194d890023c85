#!/usr/bin/env node
// @ts-check

// `npm run package`: builds the packages for users without a clone, all with the version of package.json.
//
//   npm run package -- [sdk|tutti|create|python …] [--out DIR]
//
// Each is a folder in dist/packages, with an archive next to it that npm installs. `python` is the wheel of sdk/python,
// which pip builds from a copy. If all packages are requested and pip fails, the npm packages are built, and the
// command fails at the end. `npm run image` builds the image.

import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { billOf, npmPackagesOf } from "./images/sbom.mjs";
import { makeCommand } from "./package/command.mjs";
import { makeCreate } from "./package/create.mjs";
import { makeWheel, WheelNotMade } from "./package/python.mjs";
import { makeSdk } from "./package/sdk.mjs";
import { writeThirdParty } from "./package/third-party.mjs";
import { setUp, workspaceRoot } from "./setup.mjs";

/**
 * @typedef {object} Common common data of all packages
 * @property {Record<string, unknown>} manifest
 * @property {(name: string) => string} versionOf exact version of a package
 * @property {string | undefined} wheel the Python wheel, if it is built too
 * @typedef {{ files: readonly string[] }} Made the bundled files
 */

/** @type {Record<string, (folder: string, common: Common) => Promise<Made>>} */
const makers = { sdk: makeSdk, tutti: makeCommand, create: makeCreate };
const known = [...Object.keys(makers), "python"];

/**
 * @param {readonly string[]} names
 * @param {string} out
 * @param {{ version?: string }} [how] version. Default: that of package.json
 * @returns {Promise<Record<string, string>>} the archive of each
 */
export async function makePackages(names, out, { version } = {}) {
  const needsFronts = names.includes("tutti");
  const { env } = await setUp(
    (line) => console.error(line),
    workspaceRoot,
    needsFronts ? ["page", "site", "command"] : [],
  );
  /** @type {Record<string, string>} */
  const archives = {};
  mkdirSync(out, { recursive: true });
  const wheel = names.includes("python") ? makeWheel(out) : undefined;
  for (const name of names) {
    const folder = join(out, name);
    if (name === "python") {
      archives[name] = String(wheel);
      continue;
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const parts = { ...common(version), wheel };
    const { files } = await /** @type {any} */ (makers[name])(folder, parts);
    cpSync(join(workspaceRoot, "LICENSE"), join(folder, "LICENSE"));
    if (files.length > 0) writeThirdParty(files, join(folder, "THIRD-PARTY.txt"));
    writeBill(folder, files);
    archives[name] = pack(folder, out, env);
  }
  return archives;
}

/**
 * Writes the bill of materials: bundled and installed packages.
 *
 * @param {string} folder
 * @param {readonly string[]} files
 */
function writeBill(folder, files) {
  const { name, version, dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const installed = Object.keys(dependencies)
    .map((dependency) => join(workspaceRoot, "node_modules", dependency, "package.json"))
    .filter((file) => existsSync(file));
  const parts = npmPackagesOf(
    [...files.map((file) => resolve(workspaceRoot, file)), ...installed],
    workspaceRoot,
  );
  const bill = billOf({ name, version, type: "library" }, parts);
  writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(bill, null, 2)}\n`);
}

/** @param {string} [requested] version @returns {Omit<Common, "wheel">} */
function common(requested) {
  const manifest = JSON.parse(readFileSync(join(workspaceRoot, "package.json"), "utf8"));
  const {
    version = manifest.version,
    license,
    engines,
  } = {
    ...manifest,
    ...(requested && { version: requested }),
  };
  return {
    manifest: { version, license, engines },
    versionOf: (name) =>
      JSON.parse(readFileSync(join(workspaceRoot, "node_modules", name, "package.json"), "utf8")).version,
  };
}

/** @param {string} folder @param {string} out @param {NodeJS.ProcessEnv} env */
function pack(folder, out, env) {
  const words = ["pack", "--json", "--pack-destination", out];
  const [{ filename }] = JSON.parse(
    execFileSync("npm", words, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  return join(out, filename.replace(/^@/, "").replace("/", "-"));
}

/** @param {string} folder @returns {number} */
function bytesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string", default: join(workspaceRoot, "dist", "packages") } },
  });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`package \`${unknown.join()}\` not known. Known: ${known.join(", ")}`);
  const out = resolve(values.out);
  let note = "";
  const archives = await makePackages(positionals.length > 0 ? positionals : known, out).catch((error) => {
    // With all packages requested, the npm packages are built without Python.
    if (positionals.length > 0 || !(error instanceof WheelNotMade)) throw error;
    note = `The Python wheel was not built: ${error.message}. To build it later: npm run package -- python`;
    return makePackages(Object.keys(makers), out);
  });
  for (const [name, archive] of Object.entries(archives)) {
    const mebibytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    const installed = name === "python" ? "" : `, installed ${mebibytes(bytesIn(join(out, name)))}`;
    console.log(`${relative(process.cwd(), archive)}: ${mebibytes(statSync(archive).size)}${installed}`);
  }
  if (note !== "") throw new Error(note);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
