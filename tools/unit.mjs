#!/usr/bin/env node
// @ts-check

// The tests of one package: `node ../../tools/unit.mjs` in the package's folder.
//
//   --io             *.io.ts instead of *.test.ts
//   --nightly        *.nightly.ts instead of *.test.ts
//   --verbose        print the output of the tests, also if all pass
//   --silence-ms=N   kill the process without output for this long
//   --again          run a file with failures once more, alone. A pass then counts as unsteady, not failed
//   TEXT …           only files with one of these texts in their path
//
// The last line is `N passed, N failed`.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { nothing, printFindings, runBatch, summary, tiers } from "./unit/run-files.mjs";

/**
 * @param {string} folder of a package
 * @param {import("./unit/run-files.mjs").Tier} tier
 * @returns {string[]}
 */
export function testFiles(folder, tier) {
  return filesUnder(folder).filter((file) => tiers[tier].suffix.test(file));
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

/** @param {readonly string[]} args @returns {import("./unit/run-files.mjs").Tier} */
export function tierOf(args) {
  if (args.includes("--nightly")) return "nightly";
  return args.includes("--io") ? "io" : "test";
}

/** @param {string[]} args */
async function main(args) {
  const tier = tierOf(args);
  const folder = process.cwd();
  const filters = args.filter((arg) => !arg.startsWith("--"));
  const files = testFiles(folder, tier).filter(
    (file) => filters.length === 0 || filters.some((text) => file.includes(text)),
  );
  const silence = args.find((arg) => arg.startsWith("--silence-ms="))?.split("=")[1];
  const deadlines = {
    ...tiers[tier].deadlines,
    ...(silence === undefined ? {} : { silenceMs: Number(silence) }),
  };
  const report = (/** @type {string} */ line) => console.log(line);
  const outcome =
    files.length === 0
      ? nothing()
      : await runBatch(files, { deadlines, folder, report, again: args.includes("--again") });
  printFindings(outcome, { verbose: args.includes("--verbose") });
  console.log(summary(outcome.counts));
  if (outcome.counts.failed > 0) process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(process.argv.slice(2));
