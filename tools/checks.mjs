#!/usr/bin/env node
// @ts-check

// The static checks, each counting as one test:
//
//   node tools/checks.mjs           all
//   node tools/checks.mjs NAME …    only these
//
// Run after set-up, on the Node of the workspace.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { checkAcceptance } from "./checks/acceptance.mjs";
import { checkArchitecture } from "./checks/architecture.mjs";
import { both, tool } from "./checks/commands.mjs";
import { checkDependencies } from "./checks/dependencies.mjs";
import { checkLockfile } from "./checks/lockfile.mjs";
import { checkNames } from "./checks/names.mjs";
import { checkObjects } from "./checks/objects.mjs";
import { checkProse } from "./checks/prose.mjs";
import { checkPurity } from "./checks/purity.mjs";
import { checkSizes } from "./checks/sizes.mjs";
import { checkTiers } from "./checks/tiers.mjs";
import { changedFiles, contentOf, importsAnd, unlessUnchanged } from "./checks/unchanged.mjs";
import { checkWaits } from "./checks/waits.mjs";
import { headerOf } from "./help.mjs";
import { workspaceRoot } from "./setup.mjs";

/** @type {Record<string, (root: string) => Promise<string[]> | string[]>} each check returns its problems */
export const checks = {
  // The dashboard runs in browsers, and has a TypeScript configuration of its own.
  types: both(typesOf("tsconfig.json", "workspace"), typesOf("apps/dashboard/tsconfig.json", "dashboard")),
  style: changedFiles(
    "style",
    "biome.json",
    "node_modules/@biomejs/biome/bin/biome",
    "check",
    "--error-on-warnings",
    "--max-diagnostics=50",
    "--files-ignore-unknown=true",
    "--no-errors-on-unmatched",
  ),
  unused: unlessUnchanged(
    "unused",
    importsAnd("knip.json"),
    tool("node_modules/knip/bin/knip.js", "--no-progress", "--no-config-hints", "--no-gitignore"),
  ),
  dependencies: checkDependencies,
  sizes: checkSizes,
  tiers: checkTiers,
  purity: checkPurity,
  waits: checkWaits,
  objects: checkObjects,
  prose: checkProse,
  names: checkNames,
  lockfile: checkLockfile,
  architecture: checkArchitecture,
  acceptance: checkAcceptance,
  reference: tool("tools/reference.mjs", "--check"),
  "contracts: lint": ofContracts("lint", tool("tools/generate.mjs", "--lint")),
  "contracts: format": ofContracts("format", tool("tools/generate.mjs", "--format-check")),
  "contracts: breaking": ofContracts("breaking", tool("tools/generate.mjs", "--breaking")),
  "contracts: python": ofContracts("python", tool("tools/python.mjs", "--check")),
};

/** @param {string} name @param {(root: string) => Promise<string[]>} check */
function ofContracts(name, check) {
  const inputs = ["proto/**", "tools/{checks,generate,python}/**", "tools/*.mjs"];
  return unlessUnchanged(
    `contracts-${name}`,
    contentOf(...inputs, "sdk/python/src/tutti/_contracts/*"),
    check,
  );
}

/**
 * Checks types incrementally: five seconds instead of thirty. One checker takes a third less processor time than four,
 * and the tests need the other core.
 *
 * @param {string} project
 * @param {string} name
 */
function typesOf(project, name) {
  const known = `.cache/types/${name}.tsbuildinfo`;
  const flags = ["--pretty", "false", "--incremental", "--tsBuildInfoFile", known, "--checkers", "1"];
  return tool("node_modules/typescript/bin/tsc", "-p", project, ...flags);
}

/**
 * @param {string[]} names
 * @param {string} [root]
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks(names, root = workspaceRoot) {
  const counts = { passed: 0, failed: 0 };
  const waiting = [...names];
  // Two at a time: most of them are single-threaded, and the others use the remaining cores.
  await Promise.all([1, 2].map(() => work()));
  return counts;

  async function work() {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const started = performance.now();
      const problems = await problemsOf(name, root);
      counts[problems.length === 0 ? "passed" : "failed"] += 1;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      if (problems.length === 0) console.log(`ok      ${name} (${seconds} s)`);
      else console.log(`FAILED  ${name} (${seconds} s)\n${shortened(problems).replace(/^/gm, "    ")}\n`);
    }
  }
}

const linesShown = 60;

/** @param {string[]} problems */
function shortened(problems) {
  const lines = problems.join("\n").split("\n");
  if (lines.length <= linesShown) return lines.join("\n");
  return [...lines.slice(0, linesShown), `… and ${lines.length - linesShown} lines more`].join("\n");
}

/**
 * @param {string} name
 * @param {string} root
 */
async function problemsOf(name, root) {
  const check = checks[name];
  if (check === undefined) return [`unknown check: expected one of ${Object.keys(checks).join(", ")}`];
  try {
    return await check(root);
  } catch (error) {
    return [error instanceof Error ? String(error.stack) : String(error)];
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2);
  if (names.includes("--help")) {
    console.log(
      `${headerOf(readFileSync(import.meta.filename, "utf8"))}\n\nNames: ${Object.keys(checks).join(", ")}`,
    );
    process.exit(0);
  }
  const { passed, failed } = await runChecks(names.length > 0 ? names : Object.keys(checks));
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
