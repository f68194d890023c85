// @ts-check

// Runs the static checks and the tests.
//
//   npm test                    static checks and *.test.ts of every package
//   npm test -- --affected      the same, without test files that are unchanged since their last pass
//   npm run test:io             *.io.ts of every package
//   npm run test:nightly        *.nightly.ts of every package
//   npm test -- --ci            all checks of CI: static checks, *.test.ts and *.io.ts
//   npm test -- NAME …          the tests of these packages only, without checks. --io, --nightly choose the tier
//
// The nightly tier also repeats the pure tests with cases that no other run has drawn.
//
//   --again      run a file with failures once more, alone, at the end. A pass then is unsteady. Not for --nightly
//   --lanes=N    processes at a time
//   --slowest=N  list the N files with the most processor time
//
// 1. The last line is `N passed, N failed`: the sum over all packages, in which each static check counts as one.
// 2. Static checks run concurrently with the tests. The longest ones start first. In --ci, tests of io start as in
//    test:io, and leave a quarter of the processors idle. So all others run beside them at low priority.
// 3. Parallel runs share only the record of passed files, which is replaced atomically.

import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { createInterface } from "node:readline";
import { sourceFiles } from "./checks/sources.mjs";
import { checks, runChecks } from "./checks.mjs";
import { madeBy, staleFronts } from "./fronts.mjs";
import { findProgram } from "./programs.mjs";
import { workspaceRoot } from "./setup.mjs";
import { batchesOf } from "./unit/batches.mjs";
import { idleShare, runInLanes } from "./unit/lanes.mjs";
import { Passed } from "./unit/passed.mjs";
import {
  add,
  atLowPriority,
  indent,
  nothing,
  printFindings,
  runAgain,
  runBatch,
  summary,
  tiers,
} from "./unit/run-files.mjs";
import { testFiles, tierOf } from "./unit.mjs";

const root = workspaceRoot;
const dayMs = 24 * 3_600_000;

/** @typedef {import("./unit/run-files.mjs").Tier} Tier */
/** @typedef {import("./unit/run-files.mjs").Outcome} Outcome */
/** @typedef {import("./unit/batches.mjs").Package} Package */

/**
 * Lanes per processor. Tests of `io` wait for each other and for time, so there are more of them than processors, and
 * still more while processors are idle. The other tests wait only for threads and disks.
 */
const lanesOfTier = {
  test: { least: 1, most: 2 },
  io: { least: 1.5, most: 3 },
  nightly: { least: 1, most: 1 },
};

/** @param {string[]} args */
async function main(args) {
  const isCi = args.includes("--ci");
  const tier = isCi ? "io" : tierOf(args);
  const startedMs = performance.now();
  const requested = args.filter((arg) => !arg.startsWith("--"));
  const packages = testedPackages().filter(
    (one) => requested.length === 0 || requested.some((name) => isNamed(one, name)),
  );
  if (packages.length === 0) {
    console.log(
      `no package is named ${requested.join(" or ")}. Packages: ${testedPackages()
        .map(({ name }) => name)
        .join(", ")}`,
    );
    process.exitCode = 1;
    return;
  }
  /** @param {Tier} of */
  const filesOf = (of) => new Map(packages.map((one) => [one, testFiles(join(root, one.folder), of)]));
  const files = filesOf(tier);
  const pure = isCi ? filesOf("test") : files;
  const passed = new Passed(root);
  if (args.includes("--affected")) skipUnaffected(pure, passed);
  const withChecks = (tier === "test" || isCi) && requested.length === 0;
  const againLater = args.includes("--again") && tier !== "nightly";
  const common = { withChecks, lanes: lanesOf(args), againLater };
  const environment = bundledThreads();
  const beside = isCi ? runAll("test", pure, { ...common, yielding: true, environment }) : undefined;
  if (tier !== "test") Object.assign(environment, await bringPrograms(packages));
  const nats = tier === "test" ? undefined : await startSharedNats();
  // A seed of the day. The printed seed repeats a failure.
  const seed = process.env["TUTTI_TEST_SEED"] ?? String(Math.floor(Date.now() / dayMs));
  if (tier === "nightly") {
    for (const [one, all] of filesOf("test")) files.get(one)?.push(...all);
    console.log(`random test cases use TUTTI_TEST_SEED=${seed}. Set it to repeat this run`);
    environment["TUTTI_TEST_SEED"] = seed;
  }
  const own = runAll(tier, files, {
    ...common,
    withChecks: withChecks && !isCi,
    environment: { ...environment, ...nats?.env },
  });
  const parts = await Promise.all([own, ...(beside === undefined ? [] : [beside])]);
  if (againLater) for (const part of parts) await runAgain(part.sum, part.manner);
  await nats?.stop();
  const sum = nothing();
  for (const part of parts) add(sum, part.sum);
  if (tier === "test" || isCi) passed.record([...pure.values()].flat(), sum);
  printFindings(sum);
  printSlowest(sum, Number(args.find((arg) => arg.startsWith("--slowest="))?.split("=")[1] ?? 0));
  printTimes(performance.now() - startedMs, sum, lanesOf(args));
  for (const { checked } of parts) addCounts(sum.counts, checked);
  console.log(summary(sum.counts));
  if (sum.counts.failed > 0) process.exitCode = 1;
}

/** @param {string[]} args */
function lanesOf(args) {
  const given = args.find((arg) => arg.startsWith("--lanes="))?.split("=")[1];
  return Number(given ?? availableParallelism());
}

/** @param {Package} one @param {string} asked as `swarm`, `@tutti/swarm` or `apps/swarm` */
function isNamed({ name, folder }, asked) {
  return [name, name.replace("@tutti/", ""), folder].includes(asked.replace(/\/$/, ""));
}

/** @param {Map<Package, string[]>} files @param {Passed} passed */
function skipUnaffected(files, passed) {
  let skipped = 0;
  for (const [one, all] of files) {
    const affected = all.filter((file) => !passed.stillHolds(file));
    skipped += all.length - affected.length;
    files.set(one, affected);
  }
  console.log(`${skipped} test files are unaffected by changes since they passed`);
}

/**
 * @param {Tier} tier
 * @param {Map<Package, string[]>} files
 * @param {{ environment?: Record<string, string>, withChecks: boolean, lanes: number, againLater: boolean, yielding?: boolean }} options
 *   `yielding`: at low priority, next to other tests. Only a hanging test reaches the deadlines of `io`
 */
async function runAll(tier, files, { environment = {}, withChecks, lanes, againLater, yielding = false }) {
  const sum = nothing();
  const checked = { passed: 0, failed: 0, skipped: 0 };
  const report = (/** @type {string} */ line) => console.log(line);
  const { deadlines } = tiers[yielding ? "io" : tier];
  const manner = { deadlines, folder: root, environment, report, yielding, againLater };
  /** @type {Array<() => Promise<void>>} */
  const tasks = batchesOf(tier, files, root).map((batch) => async () => {
    const startedMs = performance.now();
    const outcome = await runBatch(batch, manner);
    add(sum, outcome);
    const word = outcome.counts.failed > 0 ? "FAILED" : "ok";
    const took = `${seconds(performance.now() - startedMs)}, ${seconds(outcome.cpuMs)} of processor time`;
    report(`${word.padEnd(7)} ${titleOf(batch)}: ${summary(outcome.counts)} (${took})`);
    // Immediately, so that the user can investigate while the other tests run.
    for (const { text } of outcome.failures) report(indent(text));
  });
  if (withChecks)
    tasks.splice(1, 0, async () =>
      addCounts(
        checked,
        await (yielding ? checksAtLowPriority(report) : runChecks(Object.keys(checks), root)),
      ),
    );
  const { least, most } = lanesOfTier[tier];
  await runInLanes(tasks, {
    lanes: yielding ? 1 : Math.ceil(lanes * least),
    lanesMax: Math.ceil(lanes * most),
    idle: idleShare({ besideNice: !yielding }),
  });
  return { sum, checked, manner };
}

/** @param {(line: string) => void} report @returns {Promise<{ passed: number, failed: number }>} */
async function checksAtLowPriority(report) {
  const [program = "", ...before] = atLowPriority;
  const child = spawn(program, [...before, process.execPath, join(root, "tools/checks.mjs")], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    if (last !== "") report(last);
    last = line;
  }
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(last) ?? [];
  if (passed !== undefined) return { passed: Number(passed), failed: Number(failed) };
  report(`FAILED  the static checks exited without a result: ${last}`);
  return { passed: 0, failed: 1 };
}

/** @param {import("./unit/run-files.mjs").Counts} sum @param {{ passed: number, failed: number }} counts */
function addCounts(sum, { passed, failed }) {
  sum.passed += passed;
  sum.failed += failed;
}

/** @param {string[]} batch */
function titleOf(batch) {
  const packages = [...new Set(batch.map((file) => relative(root, file).split("/").slice(0, 2).join("/")))];
  if (batch.length === 1) return relative(root, batch[0] ?? "");
  return `${packages.length === 1 ? packages[0] : `${packages.length} packages`} (${batch.length} files)`;
}

/**
 * Downloads the programs that tests need before the tests run, because the deadlines of tests exclude downloads.
 *
 * @param {Package[]} packages
 * @returns {Promise<Record<string, string>>} the environment of the tests
 */
async function bringPrograms(packages) {
  // Without parsing them, which takes four seconds.
  const asked = sourceFiles(root)
    .filter((file) => packages.some(({ folder }) => folder !== "tools" && isIn(file, folder)))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\b(?:needs|find)Program\("([\w-]+)"\)/g)].map(
        ([, name]) => name ?? "",
      ),
    );
  const names = [...new Set(asked)].sort();
  await Promise.all(names.map(findProgram));
  // Tests run the command and the platform like users, and services like an image.
  const [command, platform, service] = [
    madeBy(root, "command"),
    madeBy(root, "platform"),
    madeBy(root, "services"),
  ];
  return {
    ...(command !== undefined && { TEST_COMMAND: command }),
    ...(platform !== undefined && { TEST_PLATFORM: platform }),
    ...(service !== undefined && { TEST_SERVICES: dirname(service) }),
  };
}

/** @returns {Record<string, string>} the environment with bundles of threads, if they match the sources */
function bundledThreads() {
  const journal = staleFronts(root, ["threads"]).length === 0 ? madeBy(root, "threads") : undefined;
  return journal === undefined ? {} : { TEST_THREADS: dirname(journal) };
}

/** @param {string} file @param {string} folder */
function isIn(file, folder) {
  return file.startsWith(join(root, folder, sep));
}

/** Starts one NATS server for the whole run. Each test file gets its own account. */
async function startSharedNats() {
  if ((await findProgram("nats-server")) === undefined) return undefined;
  const shared = await import("../libs/nats/src/testing/shared-nats.ts");
  return shared.startSharedNats();
}

/** @returns {Package[]} */
function testedPackages() {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return globSync(
    workspaces.map((/** @type {string} */ pattern) => `${pattern}/package.json`),
    { cwd: root },
  )
    .map((file) => ({ ...JSON.parse(readFileSync(join(root, file), "utf8")), folder: join(file, "..") }))
    .filter(({ scripts }) => scripts?.test !== undefined)
    .map(({ name, folder }) => ({ name, folder }))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** @param {Outcome} sum @param {number} count */
function printSlowest({ costs }, count) {
  const slowest = [...costs].sort(([, a], [, b]) => b.cpuMs - a.cpuMs).slice(0, count);
  if (slowest.length > 0) console.log("processor      time  file");
  for (const [file, { cpuMs, wallMs }] of slowest)
    console.log(
      `${[cpuMs, wallMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`.padStart(9)).join(" ")}  ${relative(root, file)}`,
    );
}

/** @param {number} wallMs @param {Outcome} sum @param {number} lanes */
function printTimes(wallMs, { cpuMs }, lanes) {
  console.log(
    `tests took ${seconds(wallMs)} in ${lanes} lanes, ${seconds(cpuMs)} of processor time in test processes`,
  );
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1_000).toFixed(0)} s`;
}

await main(process.argv.slice(2));
