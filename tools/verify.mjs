// @ts-check

// What `npm test` runs after set-up.
//
//   node tools/verify.mjs           the static checks, then the tests of every package
//   node tools/verify.mjs --slow    the slow tests of every package
//
// With --again files that fail run once more alone, and what passes then is told as unsteady.
//
// 1. The last line is `N passed, N failed`: the sum over all packages, each static check counting as one.
// 2. A package whose tests end without a result counts as one failure.
// 3. Tests run through Nx, which answers from its cache where nothing changed; with CI=true everything runs.

import { readFileSync, rmSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { runLoudly } from "./checks/commands.mjs";
import { sourcesOf } from "./checks/sources.mjs";
import { checks, runChecks } from "./checks.mjs";
import { findProgram } from "./programs.mjs";
import { workspaceRoot } from "./setup.mjs";

const root = workspaceRoot;

/** Their tests take as long as those of all others, wait much, and would begin last and go on alone. */
const longest = { fast: ["@tutti/platform"], slow: ["@tutti/platform", "@tutti/tools"] };

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {boolean} slow @param {boolean} again */
async function main(slow, again) {
  const started = performance.now();
  const programs = bringPrograms();
  const counts = slow ? { passed: 0, failed: 0 } : await runChecks(Object.keys(checks), root);
  await programs;
  const checked = performance.now();
  const total = { skipped: 0, ...counts };
  for (const { passed, failed, skipped } of await runTests(slow, again)) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  const seconds = (/** @type {number} */ from, /** @type {number} */ to) =>
    `${((to - from) / 1000).toFixed(0)} s`;
  const now = performance.now();
  console.log(`${slow ? "" : `static checks ${seconds(started, checked)}, `}tests ${seconds(checked, now)}`);
  console.log(
    `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
  );
  if (total.failed > 0) process.exitCode = 1;
}

/**
 * The programs that some test asks for, before the tests run: their deadlines are not for downloads. Nx is told which
 * there are, so that it does not answer with tests that were skipped for a program that has come since.
 */
async function bringPrograms() {
  const asked = sourcesOf(root)
    .filter(({ path }) => !path.startsWith("tools/"))
    .flatMap(({ text }) =>
      [...text.matchAll(/\b(?:needs|find)Program\("([\w-]+)"\)/g)].map(([, name]) => name ?? ""),
    );
  const names = [...new Set(asked)].sort();
  const paths = await Promise.all(names.map(findProgram));
  process.env["PROGRAMS_FOUND"] = names.filter((_, at) => paths[at] !== undefined).join();
}

/**
 * @param {boolean} slow
 * @param {boolean} again
 * @returns {Promise<Counts[]>}
 */
async function runTests(slow, again) {
  const packages = await testedPackages();
  const result = (/** @type {string} */ folder) =>
    join(root, folder, ".cache", "test", slow ? "slow.json" : "unit.json");
  for (const { folder } of packages) rmSync(result(folder), { force: true });
  const flags = [...(slow ? ["--slow"] : []), ...(again ? ["--again"] : [])];
  const run = (/** @type {string[]} */ which) =>
    runLoudly(root, "node_modules/nx/dist/bin/nx.js", [
      "run-many",
      "-t",
      "test",
      "--output-style=static",
      "--exclude-task-dependencies",
      ...which,
      ...(process.env["CI"] === "true" ? ["--skip-nx-cache"] : []),
      ...(flags.length > 0 ? ["--", ...flags] : []),
    ]);
  // With what is left to it, every processor has something to do while others wait.
  const first = slow ? longest.slow : longest.fast;
  await Promise.all([...first.map((name) => run(["--projects", name])), run(["--exclude", first.join()])]);
  return packages.map(({ name, folder }) => {
    try {
      return JSON.parse(readFileSync(result(folder), "utf8"));
    } catch {
      console.log(`FAILED ${name}: its tests ended without a result`);
      return { passed: 0, failed: 1, skipped: 0 };
    }
  });
}

/** @returns {Promise<Array<{ name: string, folder: string }>>} */
async function testedPackages() {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const packages = [];
  for await (const file of glob(
    workspaces.map((/** @type {string} */ pattern) => `${pattern}/package.json`),
    { cwd: root },
  )) {
    const { name, scripts } = JSON.parse(readFileSync(join(root, file), "utf8"));
    if (scripts?.test !== undefined) packages.push({ name, folder: join(file, "..") });
  }
  return packages;
}

await main(process.argv.includes("--slow"), process.argv.includes("--again"));
