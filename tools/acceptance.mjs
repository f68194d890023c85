#!/usr/bin/env node
// @ts-check

// Verifies the promises of Tutti: runs the test or the command of each row of acceptance/mission.yaml, prints a table,
// and writes the page dist/acceptance/index.html with state, figure and date. Other rows keep their last result.
//
//   npm run acceptance                   all rows: tens of minutes
//   npm run acceptance -- AREA|ID …      only these
//   npm run acceptance -- --list         the rows, with their last results

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missionProblems, readMission } from "./acceptance/mission.mjs";
import { pageOf, stateIn, tableOf } from "./acceptance/page.mjs";
import { workspaceRoot } from "./setup.mjs";

/**
 * @typedef {import("./acceptance/mission.mjs").Row} Row
 * @typedef {import("./acceptance/page.mjs").Result} Result
 */

const folder = join(workspaceRoot, "dist", "acceptance");
const resultsFile = join(folder, "results.json");
const minutesMax = 15;
const outputChars = 4_000;

const words = process.argv.slice(2);
const rows = readMission(workspaceRoot);
const problems = missionProblems(workspaceRoot, rows);
/** @type {Record<string, Result>} */
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")) : {};
const names = words.filter((word) => word !== "--list");
const unknown = names.filter((name) => !rows.some(({ id, area }) => id === name || area === name));
if (problems.length > 0 || unknown.length > 0) {
  for (const name of unknown) problems.push(`Row or area \`${name}\` not found. List them with --list.`);
  console.error(problems.join("\n"));
  process.exit(2);
}
const requested = rows.filter(
  ({ id, area }) => names.length === 0 || names.includes(id) || names.includes(area),
);
if (words.includes("--list")) console.log(tableOf(requested, results));
else {
  for (const row of requested) {
    const result = resultOf(row);
    results[row.id] = result;
    console.log(tableOf([row], results));
    if (result.state === "failed") console.log(result.output.replace(/^/gm, "    "));
    write();
  }
  const failed = requested.filter(({ id }) => results[id]?.state !== "shown").length;
  console.log(`${requested.length - failed} of ${requested.length} shown: ${join(folder, "index.html")}`);
  if (failed > 0) process.exitCode = 1;
}

function write() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, "index.html"), pageOf(rows, results));
}

/** @param {Row} row @returns {Result} */
function resultOf({ test, command, figure }) {
  const started = performance.now();
  const { output, code } = test === undefined ? ran(command ?? "") : tested(test);
  const found = figure === undefined ? undefined : new RegExp(figure.pattern).exec(output)?.[1];
  const isVisible =
    test === undefined
      ? code === 0 && (figure === undefined || found !== undefined)
      : stateIn(output, test.title) === "shown";
  return {
    state: isVisible ? "shown" : "failed",
    seconds: (performance.now() - started) / 1_000,
    figure: found === undefined ? "" : `${figure?.name}: ${found}`,
    date: new Date().toISOString(),
    output: isVisible ? "" : output.slice(-outputChars),
  };
}

/** @param {{ file: string, title: string, wholeFile?: boolean }} test */
function tested({ file, title, wholeFile = false }) {
  const pattern = title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const only = wholeFile ? [] : [`--test-name-pattern=${pattern}`];
  return finished(process.execPath, ["--test", "--test-reporter=tap", ...only, file]);
}

/** Runs a command line with the `npx` and `npm` of the workspace. @param {string} command */
function ran(command) {
  return finished("sh", ["-c", command]);
}

/** @param {string} program @param {string[]} given */
function finished(program, given) {
  const { status, stdout, stderr } = spawnSync(program, given, {
    cwd: workspaceRoot,
    encoding: "utf8",
    timeout: minutesMax * 60_000,
    maxBuffer: 64 * 1_024 * 1_024,
  });
  return { output: `${stdout}${stderr}`, code: status ?? 1 };
}
