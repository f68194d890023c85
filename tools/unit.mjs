#!/usr/bin/env node
// @ts-check

// A package's tests: `node ../../tools/unit.mjs` in the package's folder.
//
//   --slow           *.slow.ts instead of *.test.ts
//   --verbose        what the tests print, also when all pass
//   --silence-ms=N   how long the process may say nothing before it is killed
//   --lanes=N        so many processes at once, each with some of the files: for tests that wait more than they work
//   --again          a file with failures runs once more, alone; what passes then is told as unsteady, not as failed
//   TEXT …           only files whose path has one of these in it
//
// 1. Files run in one process with node:test, so that Node and the package's imports start once; in lanes, a few at a time.
// 2. Nothing hangs: a test that runs too long fails by itself; a process that says nothing for too long is killed, and
//    so is one that cannot end because something is still open. In each case the file is named.
// 3. `--again` is for machines that others use too, where real processes and servers may stall for seconds. The first
//    failure is always told in full: an unsteady test is looked into like a failed one.
// 4. The last line is `N passed, N failed`, and `.cache/test/` has the same numbers for whoever adds them up.

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { environmentFor, nodeFor, workspaceRoot } from "./setup.mjs";

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ files: string[], text: string }} Failure `files`: those that show it when they are run again; none where none can
 * @typedef {{ failures: Failure[], skips: string[], notes: string[], counts: Counts, output: string, incomplete: boolean }} Outcome
 * @typedef {{ testMs: number, silenceMs: number }} Deadlines
 */

/** Only what hangs takes as long: a loaded machine is several times slower than a quiet one. */
const fast = { testMs: 120_000, silenceMs: 180_000 };
const slow = { testMs: 1_200_000, silenceMs: 1_260_000 };

/**
 * @param {string} folder of the package
 * @param {boolean} slowOnes
 * @returns {string[]}
 */
function testFiles(folder, slowOnes) {
  const name = slowOnes ? /\.slow\.(ts|mjs)$/ : /\.test\.(ts|mjs)$/;
  return filesUnder(folder).filter((file) => name.test(file));
}

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter(({ name }) => !["node_modules", "generated", "dist"].includes(name) && !name.startsWith("."))
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
    );
}

/**
 * Runs files in one process.
 *
 * @param {string[]} files
 * @param {Deadlines} deadlines
 * @returns {Promise<Outcome>}
 */
function runFiles(files, deadlines) {
  const node = nodeFor(workspaceRoot);
  const here = (/** @type {string} */ name) => pathToFileURL(join(workspaceRoot, "tools", "unit", name)).href;
  const child = spawn(
    node,
    [
      "--import",
      here("seed.mjs"),
      "--import",
      here("trace.mjs"),
      "--test",
      "--test-isolation=none",
      `--test-timeout=${deadlines.testMs}`,
      `--test-reporter=${here("reporter.mjs")}`,
      ...files,
    ],
    { env: environmentFor(workspaceRoot, node), stdio: ["ignore", "pipe", "pipe", "pipe"] },
  );
  return new Promise((resolve, reject) => {
    const outcome = nothing();
    const record = recorder(outcome, files);
    let killed = false;
    const kill = () => {
      killed = true;
      child.kill("SIGKILL");
    };
    let silence = setTimeout(kill, deadlines.silenceMs);
    const [, stdout, stderr, events] = child.stdio;
    for (const stream of [stdout, stderr]) stream?.on("data", (chunk) => (outcome.output += chunk));
    createInterface({ input: /** @type {import("node:stream").Readable} */ (events) }).on("line", (line) => {
      clearTimeout(silence);
      silence = setTimeout(kill, deadlines.silenceMs);
      if (record.line(line)) kill();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(silence);
      record.end(code, killed, deadlines.silenceMs);
      resolve(outcome);
    });
  });
}

/** So that none of the lanes has much to do alone at the end. */
const handfulsPerLane = 4;

/**
 * Runs files in several processes at once, each of which takes a handful at a time.
 *
 * @param {string[]} files
 * @param {number} lanes
 * @param {Deadlines} deadlines
 * @returns {Promise<Outcome>}
 */
async function runInLanes(files, lanes, deadlines) {
  const size = lanes === 1 ? files.length : Math.ceil(files.length / (lanes * handfulsPerLane));
  const handfuls = Array.from({ length: Math.ceil(files.length / size) }, (_, at) =>
    files.slice(at * size, (at + 1) * size),
  );
  const sum = nothing();
  const lane = async () => {
    for (let handful = handfuls.shift(); handful !== undefined; handful = handfuls.shift())
      add(sum, await runFiles(handful, deadlines));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return sum;
}

/** @returns {Outcome} */
function nothing() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  return { failures: [], skips: [], notes: [], counts, output: "", incomplete: false };
}

/** @param {Outcome} sum @param {Outcome} one */
function add(sum, { failures, skips, notes, counts, output, incomplete }) {
  sum.failures.push(...failures);
  sum.skips.push(...skips);
  sum.notes.push(...notes);
  sum.counts.passed += counts.passed;
  sum.counts.failed += counts.failed;
  sum.counts.skipped += counts.skipped;
  sum.output += output;
  sum.incomplete ||= incomplete;
}

/**
 * Turns what the test process tells into an outcome.
 *
 * @param {Outcome} outcome
 * @param {string[]} files that it runs
 */
function recorder(outcome, files) {
  const { counts, failures, skips } = outcome;
  /** @type {{ file: string, title: string } | undefined} */
  let current;
  let done = false;
  /** @param {string} text @param {string[]} [shownBy] */
  const fail = (text, shownBy = []) => {
    counts.failed += 1;
    failures.push({ files: shownBy, text });
  };
  return {
    /**
     * @param {string} line
     * @returns {boolean} whether the process must be killed
     */
    line(line) {
      const event = JSON.parse(line);
      if (event.kind === "begin") current = event;
      else if (event.kind === "done") done = true;
      else if (event.kind === "pass") counts.passed += 1;
      // A suite that several files share lies in none of them, and does not say in which it failed.
      else if (event.kind === "fail")
        fail(`${place(event)}\n${indent(event.text)}`, files.includes(event.file) ? [event.file] : files);
      else if (event.kind === "stray") fail(event.text);
      else if (event.kind === "note") outcome.notes.push(event.text);
      else if (event.kind === "skip") {
        counts.skipped += 1;
        skips.push(`${place(event)}${event.reason ? `: ${event.reason}` : ""}`);
      } else if (event.kind === "alive") {
        outcome.incomplete = true;
        fail(
          `the tests are done, but the process cannot end: ${event.resources.join(", ")} still open. Close what the tests opened`,
        );
        return true;
      }
      return false;
    },
    /**
     * @param {number | null} code
     * @param {boolean} killed
     * @param {number} silenceMs
     */
    end(code, killed, silenceMs) {
      if (killed && !outcome.incomplete) {
        outcome.incomplete = true;
        const where =
          current === undefined
            ? "while the files were loaded"
            : `in ${relative(process.cwd(), current.file)} › ${current.title}`;
        fail(
          `nothing happened for ${silenceMs / 1000} s ${where}; the process was killed and what came after it did not run`,
        );
      } else if (!killed && !done) {
        outcome.incomplete = true;
        fail(
          `the test process ended by itself before its last test, with exit code ${code}; something called process.exit or waits for what never comes`,
        );
      } else if (!killed && code !== 0 && counts.failed === 0) {
        outcome.incomplete = true;
        fail(`the test process ended with exit code ${code} after its last test; what it printed is above`);
      } else if (counts.passed + counts.failed + counts.skipped === 0) {
        outcome.incomplete = true;
        fail("the files were loaded, but they hold no test");
      }
    },
  };
}

/** @param {{ file: string, line: number, title: string }} event */
function place(event) {
  return `${relative(process.cwd(), event.file)}:${event.line} › ${event.title}`;
}

/** @param {string} text */
function indent(text) {
  return text.replace(/^/gm, "    ");
}

/**
 * One process for all files cannot say which of them left something open or never finished loading, so each is tried
 * alone.
 *
 * @param {string[]} files
 * @param {Deadlines} deadlines
 * @returns {Promise<string[]>}
 */
async function incompleteFiles(files, deadlines) {
  const guilty = [];
  for (const file of files) {
    const { incomplete } = await runFiles([file], {
      ...deadlines,
      silenceMs: Math.min(deadlines.silenceMs, 30_000),
    });
    if (incomplete) guilty.push(relative(process.cwd(), file));
  }
  return guilty;
}

/**
 * Runs the files with failures once more, each alone. What fails no more is taken out of the failures.
 *
 * @param {Outcome} outcome
 * @param {Deadlines} deadlines
 * @returns {Promise<Failure[]>} what failed at first, and not alone
 */
async function unsteadyOnes(outcome, deadlines) {
  const { failures, counts } = outcome;
  if (outcome.incomplete || failures.some(({ files }) => files.length === 0)) return [];
  /** @type {Set<string>} */
  const passing = new Set();
  for (const file of new Set(failures.flatMap(({ files }) => files))) {
    const again = await runFiles([file], deadlines);
    if (!again.incomplete && again.counts.failed === 0) passing.add(file);
  }
  const unsteady = failures.filter(({ files }) => files.every((file) => passing.has(file)));
  outcome.failures = failures.filter((failure) => !unsteady.includes(failure));
  counts.failed -= unsteady.length;
  counts.passed += unsteady.length;
  return unsteady;
}

/** @param {Counts} counts */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** @param {string[]} args */
async function main(args) {
  const slowOnes = args.includes("--slow");
  const filters = args.filter((arg) => !arg.startsWith("--"));
  const files = testFiles(process.cwd(), slowOnes).filter(
    (file) => filters.length === 0 || filters.some((text) => file.includes(text)),
  );
  const given = (/** @type {string} */ option) =>
    args.find((arg) => arg.startsWith(`${option}=`))?.slice(option.length + 1);
  const silence = given("--silence-ms");
  const deadlines = {
    ...(slowOnes ? slow : fast),
    ...(silence === undefined ? {} : { silenceMs: Number(silence) }),
  };
  const outcome =
    files.length === 0 ? nothing() : await runInLanes(files, Number(given("--lanes") ?? 1), deadlines);
  if ((outcome.failures.length > 0 || args.includes("--verbose")) && outcome.output !== "")
    console.log(outcome.output.trimEnd());
  for (const note of outcome.notes) console.log(`NOTE ${note}`);
  for (const skip of outcome.skips) console.log(`SKIPPED ${skip}`);
  const unsteady = args.includes("--again") ? await unsteadyOnes(outcome, deadlines) : [];
  for (const { text } of unsteady) console.log(`UNSTEADY, passed when it ran again alone: ${text}\n`);
  for (const { text } of outcome.failures) console.log(`FAILED ${text}\n`);
  if (outcome.incomplete && !slowOnes && files.length > 1) {
    const guilty = await incompleteFiles(files, deadlines);
    console.log(
      guilty.length > 0
        ? `the same happens with each of these alone: ${guilty.join(", ")}\n`
        : "it happens with none of the files alone\n",
    );
  }
  mkdirSync(join(".cache", "test"), { recursive: true });
  writeFileSync(
    join(".cache", "test", slowOnes ? "slow.json" : "unit.json"),
    `${JSON.stringify(outcome.counts)}\n`,
  );
  console.log(summary(outcome.counts));
  if (outcome.counts.failed > 0) process.exitCode = 1;
}

await main(process.argv.slice(2));
