#!/usr/bin/env node
// @ts-check

// Plants the faults of `tools/faults/table.mjs` in a copy of the workspace, one at a time, and lists the tests that
// find each:
//
//   npm run faults                           all
//   npm run faults -- NAME …                 only these
//   npm run faults -- --tier test|io NAME …  only tests of this tier. Default: both, the cheaper one first
//
// 1. The packages of a fault run in their order, until the tests of one find it.
// 2. A test finds a fault only if its file passes without the fault.
// 3. The exit code is 1 if a fault is not found or cannot be planted.

import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { faults } from "./faults/table.mjs";
import { say } from "./launch.mjs";
import { workspaceRoot } from "./setup.mjs";
import { copyWorkspaceTo, runIn } from "./test/tree.mjs";

/** @typedef {import("./faults/table.mjs").Fault} Fault */

/**
 * The options of `tools/unit.mjs` that choose the tests of a tier, the cheapest tier first.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const tiers = { test: [], io: ["--io"] };

const testFile = /^.+\.(?:test|io|nightly)\.(?:ts|mjs)$/;

/** Maximum of listed tests for a fault. */
const namedMax = 3;

/** A wrong command line, or a fault whose text is no longer in the sources. */
class Refused extends Error {}

/**
 * @param {string} root
 * @param {Fault} fault
 */
function planted(root, { name, file, find, replace }) {
  const path = join(root, file);
  const sound = existsSync(path) ? readFileSync(path, "utf8") : "";
  const parts = sound.split(find);
  if (parts.length !== 2)
    throw new Refused(
      `fault ${name}: expected \`find\` once in ${file}, found ${parts.length - 1} matches. Correct tools/faults/table.mjs`,
    );
  return { path, sound, faulty: parts.join(replace) };
}

/**
 * Returns why faults cannot be planted.
 *
 * @param {string} root
 * @param {readonly Fault[]} [which]
 * @returns {string[]}
 */
export function plantingProblems(root, which = faults) {
  return which.flatMap((fault) => {
    try {
      return planted(root, fault).faulty === "" ? [`fault ${fault.name} empties its file`] : [];
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return [error.message];
    }
  });
}

/**
 * Returns each failure in the output of `tools/unit.mjs`: `file › title`, or its first line if it names no test.
 *
 * @param {string} output
 * @returns {string[]}
 */
export function failuresIn(output) {
  return [...output.matchAll(/^FAILED (.+)$/gm)].map(([, line = ""]) =>
    line.replace(/^(\S+):\d+ › /, "$1 › "),
  );
}

/**
 * Runs the tests of a package, or of some of its files.
 *
 * @param {string} copy
 * @param {string} folder
 * @param {...string} args
 */
function testsOf(copy, folder, ...args) {
  return runIn(join(copy, folder), relative(folder, "tools/unit.mjs"), ...args);
}

/**
 * Returns the file of a failure. Empty, which matches all files, if the output names none.
 *
 * @param {string} failure
 */
function fileIn(failure) {
  return /[^\s:]+\.(?:ts|mjs)\b/.exec(failure)?.[0] ?? "";
}

/**
 * Returns the tests of a package that fail with a fault, and whose files pass without it.
 *
 * @param {string} copy
 * @param {Fault} fault
 * @param {string} folder
 * @param {readonly string[]} flags
 * @returns {Promise<string[]>}
 */
async function foundIn(copy, fault, folder, flags) {
  const { path, sound, faulty } = planted(copy, fault);
  writeFileSync(path, faulty);
  const { code, output } = await testsOf(copy, folder, ...flags);
  writeFileSync(path, sound);
  if (code === 0) return [];
  const failures = failuresIn(output);
  // A suite that several files share is in none of them. Then all files run without the fault.
  const files = new Set(failures.map((failure) => fileIn(failure).match(testFile)?.[0] ?? ""));
  const without = await testsOf(copy, folder, ...flags, ...files);
  const failing = new Set(without.code === 0 ? [] : failuresIn(without.output).map(fileIn));
  const found = failures.filter((failure) => !failing.has(fileIn(failure)) && !failing.has(""));
  if (found.length === 0) say(`${folder} fails with and without ${fault.name}: ${failures.join("; ")}`);
  return found.map((failure) => failure.replace(/^\S+(?= › )/, (file) => join(folder, file)));
}

/**
 * @param {string} copy
 * @param {Fault} fault
 * @param {readonly string[]} tiersOf
 */
async function find(copy, fault, tiersOf) {
  for (const tier of tiersOf)
    for (const folder of fault.packages) {
      const startedMs = performance.now();
      const found = await foundIn(copy, fault, folder, tiers[tier] ?? []);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
      say(`${fault.name}: ${found.length} tests (${tier}) of ${folder} find it, ${seconds} s`);
      if (found.length > 0) return { found, tier };
    }
  return undefined;
}

/** @param {string[]} args */
function chosen(args) {
  const at = args.indexOf("--tier");
  const tier = at < 0 ? undefined : (args[at + 1] ?? "");
  const names = at < 0 ? args : args.toSpliced(at, 2);
  if (tier !== undefined && !Object.hasOwn(tiers, tier))
    throw new Refused(`--tier: expected ${Object.keys(tiers).join(" or ")}, got ${tier || "nothing"}`);
  const unknown = names.filter((name) => !faults.some((fault) => fault.name === name));
  if (unknown.length > 0)
    throw new Refused(
      `unknown fault ${unknown.join(", ")}: expected one of ${faults.map(({ name }) => name).join(", ")}`,
    );
  return {
    tiersToTry: tier === undefined ? Object.keys(tiers) : [tier],
    which: faults.filter(({ name }) => names.length === 0 || names.includes(name)),
  };
}

/** @param {string[]} args */
async function main(args) {
  const { tiersToTry, which } = chosen(args);
  const [problem] = plantingProblems(workspaceRoot, which);
  if (problem !== undefined) throw new Refused(problem);
  const copy = mkdtempSync(join(realpathSync(tmpdir()), "tutti-faults-"));
  const remove = () => rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
    process.once(signal, () => {
      remove();
      process.exit(1);
    });
  try {
    copyWorkspaceTo(copy);
    console.log("| fault | found by | tier |\n|---|---|---|");
    for (const fault of which) {
      const result = await find(copy, fault, tiersToTry);
      if (result === undefined) process.exitCode = 1;
      const named = result?.found.slice(0, namedMax).join("<br>") ?? "**no test**";
      const more = (result?.found.length ?? 0) - namedMax;
      console.log(
        `| ${fault.name} | ${named}${more > 0 ? `<br>and ${more} more` : ""} | ${result?.tier ?? ""} |`,
      );
    }
  } finally {
    remove();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
