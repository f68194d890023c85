#!/usr/bin/env node
// @ts-check

// `npm run release`: creates a release in the working tree. It commits and publishes nothing, and prints the commands
// for that.
//
//   npm run release -- [major|minor|patch|VERSION] [--dry-run] [--skip packages,upgrade] [--date YYYY-MM-DD]
//
// 1. The version, in all packages and all other files with it.
// 2. The changelog: `Unreleased` becomes the section of the version.
// 3. The row of the release in the table of compatibility.
// 4. Upgrade: data directories of all earlier releases are opened by this one, and this one's is recorded for the next.
// 5. Packages, each with its bill of materials (`sbom.cdx.json`, CycloneDX).
//
// `--dry-run` does all steps outside of the working tree, and changes no file of it. Default: the next minor version.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { makePackages } from "./package.mjs";
import { releaseChangelog } from "./release/changelog.mjs";
import { compatibilityPage, factsOf, withRow } from "./release/compatibility.mjs";
import { nextVersion, withVersion } from "./release/versions.mjs";
import { workspaceRoot } from "./setup.mjs";

const at = (/** @type {string[]} */ ...path) => join(workspaceRoot, ...path);
const stepsToSkip = ["packages", "upgrade"];

/** @param {string} version @param {string} date */
function planOf(version, date) {
  const edits = withVersion(workspaceRoot, version);
  const { text, section } = releaseChangelog(readFileSync(at("CHANGELOG.md"), "utf8"), version, date);
  edits.set("CHANGELOG.md", text);
  const facts = factsOf(workspaceRoot);
  edits.set(compatibilityPage, withRow(readFileSync(at(compatibilityPage), "utf8"), facts, version));
  return { edits, section, facts };
}

/**
 * Opens the directories of earlier releases, and records one of this release.
 *
 * @param {string} version
 * @param {string} file
 */
function upgrade(version, file) {
  const run = (/** @type {string[]} */ ...words) =>
    execFileSync(process.execPath, words, {
      cwd: at("apps", "platform"),
      stdio: ["ignore", "pipe", "inherit"],
    });
  run(at("tools", "unit.mjs"), "--io", "test/releases.io.ts");
  run(join("test", "programs", "record-release.ts"), version, file);
}

/** @param {string} version @param {string} out */
async function packages(version, out) {
  const archives = await makePackages(["sdk", "tutti", "create"], out, { version });
  for (const [name, archive] of Object.entries(archives)) {
    const { components } = JSON.parse(readFileSync(join(out, name, "sbom.cdx.json"), "utf8"));
    const size = `${(statSync(archive).size / 2 ** 20).toFixed(1)} MiB`;
    console.log(
      `  ${relative(out, archive)}: ${size}, ${components.length} components in its bill of materials`,
    );
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "dry-run": { type: "boolean", default: false },
      skip: { type: "string", default: "" },
      date: { type: "string", default: new Date().toISOString().slice(0, 10) },
    },
  });
  const isDry = values["dry-run"];
  const skipped = values.skip.split(",").filter(Boolean);
  const wrong = skipped.find((step) => !stepsToSkip.includes(step));
  if (wrong !== undefined) throw new Error(`--skip: expected ${stepsToSkip.join(" or ")}, got ${wrong}`);
  const { version: before } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const version = nextVersion(before, positionals[0] ?? "minor");
  const { edits, section, facts } = planOf(version, values.date);
  const temporary = mkdtempSync(join(tmpdir(), "tutti-release-"));
  try {
    console.log(`${isDry ? "Dry run of release" : "Release"} ${version}, after ${before}`);
    console.log(`Version, changelog and compatibility: ${edits.size} files`);
    for (const file of edits.keys()) console.log(`  ${file}`);
    console.log(`Compatibility: ${facts.join(" | ")}\n\n${section}`);
    if (!isDry) for (const [file, text] of edits) writeFileSync(at(file), text);
    if (!skipped.includes("upgrade")) {
      const recorded = isDry ? temporary : at("apps", "platform", "test", "releases");
      upgrade(version, join(recorded, `${version}.tar.gz`));
      console.log("Upgrade: the data directories of all earlier releases open, and this one's is recorded");
    }
    if (!skipped.includes("packages")) {
      console.log("Packages:");
      await packages(version, isDry ? temporary : at("dist", "packages"));
    }
    if (isDry) console.log("Dry run: no file of the working tree was changed.");
    else
      console.log(
        [
          "Next:",
          "  npm run gen && npm test",
          `  git commit -am "chore(release): ${version}" && git tag v${version}`,
          "  npm run package && npm publish --provenance dist/packages/*.tgz",
        ].join("\n"),
      );
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
