// @ts-check

// Runs the static checks and the tests.
//
//   npm test                    static checks and *.test.ts of every package
//   npm test -- --affected      the same, without test files that are unchanged since their last pass
//   npm run test:io             *.io.ts of every package
//   npm run test:nightly        *.nightly.ts of every package
//   npm test -- NAME …          the tests of these packages only, without checks. --io, --nightly choose the tier
//
// The nightly tier also repeats the pure tests with cases that no other run has drawn.
//
//   --again      run a file with failures once more, alone, at the end. A pass then is unsteady. Not for --nightly
//   --lanes=N    processes at a time
//   --slowest=N  list the N files that took most processor time, with the time that they took
//
// 1. The last line is `N passed, N failed`: the sum over all packages, each static check counts as one.
// 2. Static checks run next to the tests. The longest ones start first.
// 3. Parallel runs share nothing but the record of passed files, which is replaced as a whole.

import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { sourcesOf } from "./checks/sources.mjs";
import { checks, runChecks } from "./checks.mjs";
import { madeBy } from "./fronts.mjs";
import { findProgram } from "./programs.mjs";
import { workspaceRoot } from "./setup.mjs";
import { batchesOf } from "./unit/batches.mjs";
import { runInLanes } from "./unit/lanes.mjs";
import { Passed } from "./unit/passed.mjs";
import {
  add,
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
 * Lanes per processor. Tests of `io` wait for each other and for time, so more of them run than there are processors, and
 * still more while processors are idle. The other ones wait for threads and disks only.
 */
const lanesOfTier = {
  test: { least: 1, most: 2 },
  io: { least: 1.5, most: 3 },
  nightly: { least: 1, most: 1 },
};

/** @param {string[]} args */
async function main(args) {
  const tier = tierOf(args);
  const startedMs = performance.now();
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const packages = testedPackages().filter(
    (one) => wanted.length === 0 || wanted.some((name) => isNamed(one, name)),
  );
  if (packages.length === 0) {
    console.log(
      `no package is named ${wanted.join(" or ")}. Packages: ${testedPackages()
        .map(({ name }) => name)
        .join(", ")}`,
    );
    process.exitCode = 1;
    return;
  }
  const files = new Map(packages.map((one) => [one, testFiles(join(root, one.folder), tier)]));
  const passed = new Passed(root);
  if (args.includes("--affected")) skipUnaffected(files, passed);
  const environment = tier === "test" ? {} : await bringPrograms(packages);
  const nats = tier === "test" ? undefined : await startSharedNats();
  // A seed of the day: a failure is repeated with the seed that is printed.
  const seed = process.env["TUTTI_TEST_SEED"] ?? String(Math.floor(Date.now() / dayMs));
  if (tier === "nightly") {
    for (const one of packages) files.get(one)?.push(...testFiles(join(root, one.folder), "test"));
    console.log(`drawn cases follow from TUTTI_TEST_SEED=${seed}: set it to repeat this run`);
  }
  const { sum, counts } = await runAll(tier, files, {
    environment: {
      ...environment,
      ...nats?.env,
      ...(tier === "nightly" ? { TUTTI_TEST_SEED: seed } : {}),
    },
    withChecks: tier === "test" && wanted.length === 0,
    again: args.includes("--again") && tier !== "nightly",
    lanes: lanesOf(args),
  });
  await nats?.stop();
  if (tier === "test") passed.record([...files.values()].flat(), sum);
  printFindings(sum);
  printSlowest(sum, Number(args.find((arg) => arg.startsWith("--slowest="))?.split("=")[1] ?? 0));
  printTimes(performance.now() - startedMs, sum, lanesOf(args));
  console.log(summary(counts));
  if (counts.failed > 0) process.exitCode = 1;
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
  console.log(`${skipped} test files are not affected by what changed since they passed`);
}

/**
 * @param {Tier} tier
 * @param {Map<Package, string[]>} files
 * @param {{ environment: Record<string, string>, withChecks: boolean, again: boolean, lanes: number }} options
 */
async function runAll(tier, files, { environment, withChecks, again, lanes }) {
  const sum = nothing();
  const checked = { passed: 0, failed: 0 };
  const report = (/** @type {string} */ line) => console.log(line);
  const manner = { deadlines: tiers[tier].deadlines, folder: root, environment, report };
  /** @type {Array<() => Promise<void>>} */
  const tasks = batchesOf(tier, files, root).map((batch) => async () => {
    const startedMs = performance.now();
    const outcome = await runBatch(batch, manner);
    add(sum, outcome);
    const word = outcome.counts.failed > 0 ? "FAILED" : "ok";
    const took = `${seconds(performance.now() - startedMs)}, ${seconds(outcome.cpuMs)} of processor time`;
    report(`${word.padEnd(7)} ${titleOf(batch)}: ${summary(outcome.counts)} (${took})`);
    // At once: a person who waits for the rest can look into it meanwhile.
    for (const { text } of outcome.failures) report(indent(text));
  });
  if (withChecks)
    tasks.splice(1, 0, async () => {
      const { passed, failed } = await runChecks(Object.keys(checks), root);
      checked.passed += passed;
      checked.failed += failed;
    });
  const { least, most } = lanesOfTier[tier];
  await runInLanes(tasks, { lanes: Math.ceil(lanes * least), lanesMax: Math.ceil(lanes * most) });
  if (again) await runAgain(sum, manner);
  const { passed, failed, skipped } = sum.counts;
  return { sum, counts: { passed: passed + checked.passed, failed: failed + checked.failed, skipped } };
}

/** @param {string[]} batch */
function titleOf(batch) {
  const packages = [...new Set(batch.map((file) => relative(root, file).split("/").slice(0, 2).join("/")))];
  if (batch.length === 1) return relative(root, batch[0] ?? "");
  return `${packages.length === 1 ? packages[0] : `${packages.length} packages`} (${batch.length} files)`;
}

/**
 * The programs that some test asks for, before the tests run: their deadlines are not for downloads.
 *
 * @param {Package[]} packages
 * @returns {Promise<Record<string, string>>} the environment of the tests
 */
async function bringPrograms(packages) {
  const asked = sourcesOf(root)
    .filter(
      ({ path }) => !path.startsWith("tools/") && packages.some(({ folder }) => path.startsWith(folder)),
    )
    .flatMap(({ text }) =>
      [...text.matchAll(/\b(?:needs|find)Program\("([\w-]+)"\)/g)].map(([, name]) => name ?? ""),
    );
  const names = [...new Set(asked)].sort();
  await Promise.all(names.map(findProgram));
  // Tests run the command and the platform as users do, and services as an image does.
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

/** One NATS server for the whole run: a test file gets an account of its own. */
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
