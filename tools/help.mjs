// @ts-check

// `--help` of a script: the comment at its top, which describes the script and its options.
//
// Runs on Node 18 without dependencies.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "./setup.mjs";

/** Scripts with their own help. */
const ownHelp = new Set([
  "tools/certs.mjs",
  "tools/checks.mjs",
  "tools/data.mjs",
  "bench/src/main.ts",
  "libs/sdk/src/conformance/main.ts",
  "libs/simulation/src/cli/main.ts",
  "libs/simulation/src/cli/weakened.ts",
]);

/**
 * Returns the help if the words request it. Undefined otherwise, or if the script has its own help.
 *
 * @param {string} script its path in the workspace
 * @param {readonly string[]} words for the script
 * @returns {string | undefined}
 */
export function helpFor(script, words) {
  const end = words.indexOf("--");
  const asked = (end < 0 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
  if (!asked || ownHelp.has(script)) return undefined;
  return headerOf(readFileSync(join(workspaceRoot, script), "utf8"));
}

/**
 * Returns the first comment of a source, without the comment markers.
 *
 * @param {string} source
 */
export function headerOf(source) {
  const lines = source.replace(/^(#!.*\n|\/\/ @ts-check\n|\s+)+/, "").split("\n");
  const isBlock = lines[0]?.startsWith("/**") ?? false;
  const end = lines.findIndex((line) => (isBlock ? line.includes("*/") : !line.startsWith("//")));
  const comment = isBlock ? lines.slice(0, end + 1) : lines.slice(0, end);
  return comment
    .map((line) => line.replace(/\s*\*\/$/, "").replace(isBlock ? /^ ?\/?\*+ ?/ : /^\/\/ ?/, ""))
    .join("\n")
    .trim();
}
