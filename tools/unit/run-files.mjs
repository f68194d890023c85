// @ts-check

// Runs test files with node:test, in one process or in several.
//
// 1. Files of a batch run in one process, so that Node and the imports start once.
// 2. Nothing hangs. A test that runs too long fails by itself. A silent process is killed, and so is a process that
//    cannot end because of an open resource. The end of a process counts even if a child process still holds its
//    output. Each failure names the file.
// 3. `again` runs a file with failures once more, alone. Tests that pass then are unsteady: reported in full, not
//    counted as failed.

import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { environmentFor, nodeFor, workspaceRoot } from "../setup.mjs";

/**
 * @typedef {"test" | "io" | "nightly"} Tier
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ files: string[], text: string }} Failure `files`: the files to run again
 * @typedef {{ testMs: number, silenceMs: number }} Deadlines
 * @typedef {{ wallMs: number, cpuMs: number }} FileCost including the hooks of its suites
 * @typedef {object} Outcome
 * @property {Failure[]} failures
 * @property {Failure[]} unsteady
 * @property {string[]} skips
 * @property {string[]} notes
 * @property {Counts} counts
 * @property {string} output
 * @property {boolean} incomplete
 * @property {Map<string, FileCost>} costs by file, without loading it
 * @property {number} cpuMs processor time of the process and the processes that it waited for
 */

/** The machines of CI are shared: a test can take several times as long as alone. */
const patience = process.env["CI"] === undefined ? 1 : 3;

/**
 * Suffix and deadlines of each tier. Only a hanging test reaches the deadlines, even on a machine several times slower.
 */
export const tiers = {
  test: {
    suffix: /\.test\.(ts|mjs)$/,
    deadlines: { testMs: 45_000 * patience, silenceMs: 55_000 * patience },
  },
  io: {
    suffix: /\.io\.(ts|mjs)$/,
    deadlines: { testMs: 300_000 * patience, silenceMs: 330_000 * patience },
  },
  nightly: { suffix: /\.nightly\.(ts|mjs)$/, deadlines: { testMs: 1_800_000, silenceMs: 1_830_000 } },
};

/** A test that is still running after this long is reported with its file. Long ones of `io` and `nightly` continue. */
const reportAfterMs = 55_000;

/** Child processes may write for this long after the end of a test process. */
const lingerMs = 10_000;

/** Prefix of a command that uses only idle processor time. */
export const atLowPriority = ["nice", "-n", "10"];

/** @returns {Outcome} */
export function nothing() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const lists = { failures: [], unsteady: [], skips: [], notes: [] };
  return { ...lists, counts, output: "", incomplete: false, costs: new Map(), cpuMs: 0 };
}

/** @param {Outcome} sum @param {Outcome} one */
export function add(sum, one) {
  sum.failures.push(...one.failures);
  sum.unsteady.push(...one.unsteady);
  sum.skips.push(...one.skips);
  sum.notes.push(...one.notes);
  for (const name of /** @type {const} */ (["passed", "failed", "skipped"]))
    sum.counts[name] += one.counts[name];
  sum.output += one.output;
  sum.incomplete ||= one.incomplete;
  sum.cpuMs += one.cpuMs;
  for (const [file, cost] of one.costs) addCost(sum.costs, file, cost);
}

/** @param {Map<string, FileCost>} costs @param {string} file @param {FileCost} cost */
function addCost(costs, file, { wallMs, cpuMs }) {
  const before = costs.get(file) ?? { wallMs: 0, cpuMs: 0 };
  costs.set(file, { wallMs: before.wallMs + wallMs, cpuMs: before.cpuMs + cpuMs });
}

/** @param {Counts} counts */
export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * @typedef {object} Manner
 * @property {Deadlines} deadlines
 * @property {string} folder base of printed paths, in which the tests run
 * @property {boolean} [again] runs files with failures again immediately, for a single package
 * @property {boolean} [againLater] the caller runs them again after all other files
 * @property {Record<string, string>} [environment]
 * @property {boolean} [yielding] runs at low priority, in idle processor time
 * @property {(line: string) => void} [report] the output while the tests run
 */

/**
 * Runs one batch of files in one process. Finds the files that caused an incomplete run, and the files that pass alone.
 *
 * @param {string[]} files
 * @param {Manner} manner
 * @returns {Promise<Outcome>}
 */
export async function runBatch(files, manner) {
  const outcome = await runFiles(files, manner);
  const isTriedAgain = manner.again || manner.againLater;
  if (outcome.incomplete && files.length > 1 && !isTriedAgain) outcome.notes.push(await blame(files, manner));
  if (manner.again) await runAgain(outcome, manner);
  return outcome;
}

/**
 * @param {string[]} files
 * @param {Manner} manner
 * @returns {Promise<Outcome>}
 */
function runFiles(files, manner) {
  const { deadlines, folder, environment, yielding = false, report } = manner;
  const node = nodeFor(workspaceRoot);
  // A later change of priority would miss the threads that Node has already started.
  const [program = node, ...before] = yielding ? [...atLowPriority, node] : [node];
  const here = (/** @type {string} */ name) => pathToFileURL(join(workspaceRoot, "tools", "unit", name)).href;
  const child = spawn(
    program,
    [
      ...before,
      // For trace.mjs.
      "--expose-internals",
      "--import",
      here("seed.mjs"),
      "--import",
      here("trace.mjs"),
      "--import",
      here("threads.mjs"),
      "--test",
      "--test-isolation=none",
      `--test-timeout=${deadlines.testMs}`,
      `--test-reporter=${here("reporter.mjs")}`,
      ...files,
    ],
    {
      cwd: folder,
      env: { ...environmentFor(workspaceRoot, node), ...environment },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    },
  );
  return new Promise((resolve, reject) => {
    const outcome = nothing();
    const record = recorder(outcome, files, folder);
    let killed = false;
    const kill = () => {
      killed = true;
      child.kill("SIGKILL");
    };
    let silence = setTimeout(kill, deadlines.silenceMs);
    const long = deadlines.silenceMs > reportAfterMs ? longTests(record.current, report) : undefined;
    const [, stdout, stderr, events] = child.stdio;
    for (const stream of [stdout, stderr]) stream?.on("data", (chunk) => (outcome.output += chunk));
    createInterface({ input: /** @type {import("node:stream").Readable} */ (events) }).on("line", (line) => {
      clearTimeout(silence);
      silence = setTimeout(kill, deadlines.silenceMs);
      const event = JSON.parse(line);
      long?.next(event);
      if (record.event(event)) kill();
    });
    child.on("error", reject);
    endLingering(child, () =>
      record.fail("the test process has ended, and a process that it started still holds its output"),
    );
    child.on("close", (code) => {
      clearTimeout(silence);
      long?.end();
      record.end(code, killed, deadlines.silenceMs);
      resolve(outcome);
    });
  });
}

/**
 * Reports tests that run long, and then their results. A stopped run would not show them otherwise.
 *
 * @param {() => string} current
 * @param {(line: string) => void} report
 */
function longTests(current, report = () => {}) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {string | undefined} */
  let reported;
  const running = () => {
    reported = current();
    report(`RUNNING for ${reportAfterMs / 1000} s: ${reported}`);
  };
  return {
    /** @param {any} event */
    next(event) {
      clearTimeout(timer);
      timer = setTimeout(running, reportAfterMs);
      if (reported === undefined || !/^(pass|fail)$/.test(event.kind)) return;
      report(event.kind === "pass" ? `PASSED ${reported}` : `FAILED ${reported}\n${indent(event.text)}`);
      reported = undefined;
    },
    end() {
      clearTimeout(timer);
    },
  };
}

/**
 * Closes the streams of an ended process if another process still holds the other end.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {() => void} held called before that
 */
function endLingering(child, held) {
  child.on("exit", () => {
    const linger = setTimeout(() => {
      held();
      for (const stream of child.stdio) stream?.destroy();
    }, lingerMs);
    child.on("close", () => clearTimeout(linger));
  });
}

/**
 * Turns the events of a test process into an outcome.
 *
 * @param {Outcome} outcome
 * @param {string[]} files that the process runs
 * @param {string} folder
 */
function recorder(outcome, files, folder) {
  const { counts, failures, skips, costs } = outcome;
  /** @type {{ file: string, title: string } | undefined} */
  let current;
  let done = false;
  const meter = meterOf(costs, files);
  /** @param {string} text @param {string[]} [shownBy] default: all files of the process */
  const fail = (text, shownBy = files) => {
    counts.failed += 1;
    failures.push({ files: shownBy, text });
  };
  const at = () =>
    current === undefined
      ? "while the files were loaded"
      : `in ${relative(folder, current.file)} › ${current.title}`;
  /** @param {{ file: string, line: number, title: string }} event */
  const place = (event) => `${relative(folder, event.file)}:${event.line} › ${event.title}`;
  return {
    current: at,
    /**
     * @param {any} event
     * @returns {boolean} whether the process must be killed
     */
    event(event) {
      meter(event);
      if (event.kind === "begin") current = event;
      else if (event.kind === "done") done = true;
      else if (event.kind === "pass") counts.passed += 1;
      else if (event.kind === "fail")
        fail(`${place(event)}\n${indent(event.text)}`, files.includes(event.file) ? [event.file] : files);
      else if (event.kind === "stray") fail(`${event.text}\n${at()}`, current && [current.file]);
      else if (event.kind === "note") outcome.notes.push(event.text);
      else if (event.kind === "usage") outcome.cpuMs = event.cpuMs;
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
    fail,
    /**
     * @param {number | null} code
     * @param {boolean} killed
     * @param {number} silenceMs
     */
    end(code, killed, silenceMs) {
      if (killed && outcome.incomplete) return;
      const problem = killed
        ? `no progress for ${silenceMs / 1000} s ${at()}. The process was killed, and later tests did not run`
        : problemAtEnd(code, done, counts);
      if (problem === undefined) return;
      outcome.incomplete = true;
      fail(problem);
    },
  };
}

/**
 * Charges the time between two reports to a file. The end of a suite is reported late if later tests run without a
 * break: the next test of another file then ends the time of the file before it.
 *
 * @param {Map<string, FileCost>} costs
 * @param {string[]} files that the process runs
 * @returns {(event: any) => void}
 */
function meterOf(costs, files) {
  /** @type {string | undefined} */
  let current;
  // Hooks before the next test then belong to its file.
  let hasEnded = true;
  let mark = { atMs: performance.now(), cpuMs: 0 };
  const charge = (/** @type {string} */ file, /** @type {number} */ cpuMs) => {
    const now = { atMs: performance.now(), cpuMs };
    addCost(costs, file, { wallMs: now.atMs - mark.atMs, cpuMs: cpuMs - mark.cpuMs });
    mark = now;
  };
  return ({ kind, file, cpuMs }) => {
    if (kind === "loaded") mark = { atMs: performance.now(), cpuMs };
    else if (kind === "begin") {
      if (current !== undefined && current !== file && !hasEnded) charge(current, cpuMs);
      current = file;
      hasEnded = false;
    } else if (kind === "end") {
      charge(current ?? file, cpuMs);
      // A suite that several files share is in none of them.
      hasEnded = current === file || !files.includes(file);
    }
  };
}

/**
 * @param {number | null} code
 * @param {boolean} done whether the process has reported the end of its last test
 * @param {Counts} counts
 */
function problemAtEnd(code, done, { passed, failed, skipped }) {
  if (!done)
    return `the test process exited with code ${code} before its last test. Code called process.exit, or waits for an event that never occurs`;
  if (code !== 0 && failed === 0)
    return `the test process ended with exit code ${code} after its last test. Its output is above`;
  if (passed + failed + skipped === 0) return "the files contain no tests";
  return undefined;
}

/** @param {string} text */
export function indent(text) {
  return text.replace(/^/gm, "    ");
}

/** Longer than any file takes for its first report, and short enough to try a whole batch within minutes. */
const blameSilenceMs = 30_000;

/**
 * Finds the files that left something open or never finished loading. Each file runs alone, because a shared process
 * cannot name the file.
 *
 * @param {string[]} files
 * @param {Manner} manner
 */
async function blame(files, manner) {
  const silenceMs = Math.min(manner.deadlines.silenceMs, blameSilenceMs);
  const guilty = [];
  for (const file of files) {
    const { incomplete } = await runFiles([file], {
      ...manner,
      deadlines: { ...manner.deadlines, silenceMs },
    });
    if (incomplete) guilty.push(relative(manner.folder, file));
  }
  return guilty.length > 0
    ? `the failure also occurs with each of these files alone: ${guilty.join(", ")}`
    : "the failure occurs with no file alone";
}

/**
 * Runs the files with failures once more, each alone. Failures of passing files become unsteady.
 *
 * @param {Outcome} outcome
 * @param {Manner} manner
 */
export async function runAgain(outcome, manner) {
  const { failures, counts } = outcome;
  /** @type {Set<string>} */
  const passing = new Set();
  for (const file of new Set(failures.flatMap(({ files }) => files))) {
    const again = await runFiles([file], { ...manner, yielding: false });
    if (!again.incomplete && again.counts.failed === 0) passing.add(file);
  }
  outcome.unsteady = failures.filter(({ files }) => files.every((file) => passing.has(file)));
  outcome.failures = failures.filter((failure) => !outcome.unsteady.includes(failure));
  counts.failed -= outcome.unsteady.length;
  counts.passed += outcome.unsteady.length;
}

/**
 * Prints the findings of a run, without its counts.
 *
 * @param {Outcome} outcome
 * @param {{ verbose?: boolean }} [options]
 */
export function printFindings({ failures, unsteady, skips, notes, output }, { verbose = false } = {}) {
  if ((failures.length > 0 || verbose) && output !== "") console.log(output.trimEnd());
  for (const skip of skips) console.log(`SKIPPED ${skip}`);
  for (const { text } of unsteady) console.log(`UNSTEADY, passed when it ran again alone: ${text}\n`);
  for (const { text } of failures) console.log(`FAILED ${text}\n`);
  for (const note of notes) console.log(`NOTE ${note}`);
}
