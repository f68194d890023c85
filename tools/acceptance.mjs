#!/usr/bin/env node
// @ts-check

// Verifies the promises of Tutti: runs the test or the command of each row of acceptance/mission.yaml, prints a table,
// and serves a page with state, figure and date. The page is in dist/acceptance/index.html too. Other rows keep their
// last result. In a terminal, the page stays there until Ctrl-C.
//
//   npm run acceptance                   all rows: an hour on two cores
//   npm run acceptance -- AREA|ID …      only these
//   npm run acceptance -- --list         the rows, with their last results
//   npm run acceptance -- --serve        runs nothing, and serves the page of the last results
//   npm run acceptance -- --port 7500    the port of the page; default: any

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
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

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    serve: { type: "boolean", default: false },
    port: { type: "string", default: "0" },
  },
});
const rows = readMission(workspaceRoot);
const problems = missionProblems(workspaceRoot, rows);
/** @type {Record<string, Result>} */
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")) : {};
const unknown = names.filter((name) => !rows.some(({ id, area }) => id === name || area === name));
if (problems.length > 0 || unknown.length > 0) {
  for (const name of unknown) problems.push(`Row or area \`${name}\` not found. List them with --list.`);
  console.error(problems.join("\n"));
  process.exit(2);
}
const requested = rows.filter(
  ({ id, area }) => names.length === 0 || names.includes(id) || names.includes(area),
);
if (values.list) console.log(tableOf(requested, results));
else {
  const page = await servePage();
  if (!values.serve) await runAll();
  const isWatched = values.serve || process.stdout.isTTY;
  if (isWatched) console.log("Press Ctrl-C to end.");
  else page.close();
}

async function runAll() {
  for (const row of requested) {
    const result = await resultOf(row);
    results[row.id] = result;
    console.log(tableOf([row], results));
    if (result.state === "failed") console.log(result.output.replace(/^/gm, "    "));
    write();
  }
  const failed = requested.filter(({ id }) => results[id]?.state !== "shown");
  if (failed.length > 0) console.log(`\n${tableOf(failed, results)}`);
  console.log(
    `${requested.length - failed.length} of ${requested.length} shown: ${join(folder, "index.html")}`,
  );
  if (failed.length > 0) process.exitCode = 1;
}

/** Serves the page on this machine. Each request gets the results so far. */
async function servePage() {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(pageOf(rows, results));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(values.port), "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (typeof address === "object") console.log(`http://127.0.0.1:${address?.port}`);
  return server;
}

function write() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, "index.html"), pageOf(rows, results));
}

/** @param {Row} row @returns {Promise<Result>} */
async function resultOf({ test, command, figure }) {
  const started = performance.now();
  const { output, code } = await (test === undefined ? ran(command ?? "") : tested(test));
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

/** @param {string} program @param {string[]} given @returns {Promise<{ output: string, code: number }>} */
function finished(program, given) {
  const options = { cwd: workspaceRoot, timeout: minutesMax * 60_000, maxBuffer: 64 * 1_024 * 1_024 };
  return new Promise((resolve) => {
    execFile(program, given, options, (error, stdout, stderr) => {
      const isSuccess = error === null;
      resolve({ output: `${stdout}${stderr}`, code: isSuccess ? 0 : 1 });
    });
  });
}
