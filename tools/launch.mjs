// @ts-check

// Runs a script of the workspace after set-up, on the Node of the workspace and in place of this process (child.mjs).
//
// Runs on Node 18 without dependencies.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runToItsEnd } from "./child.mjs";
import { madeBy } from "./fronts.mjs";
import { SetUpFailed, setUp, workspaceRoot } from "./setup.mjs";

/** @param {string} line */
export function say(line) {
  process.stderr.write(`tutti: ${line}\n`);
}

/**
 * @typedef {object} Manner
 * @property {string} [announcement] printed before the script runs
 * @property {Record<string, string>} [environment] of the script, in addition to that of this process
 * @property {import("./fronts.mjs").FrontName[]} [fronts] built first, if they are stale
 * @property {boolean} [bundled] runs the platform's bundle in place of the script, if it can be built
 * @property {boolean} [wholeGroup] signals also go to all processes that the script has started
 */

/**
 * @param {string} script its path in the workspace
 * @param {string[] | (() => Promise<string[]>)} args known now, or found after the set-up
 * @param {Manner} [manner]
 */
export async function launch(script, args, manner = {}) {
  const { announcement, environment = {}, fronts = [], bundled = false, wholeGroup = false } = manner;
  try {
    const { node, env } = await setUp(say, workspaceRoot, fronts);
    if (!existsSync(join(workspaceRoot, script)))
      throw new SetUpFailed(`${script} not found: this clone is incomplete`);
    const found = typeof args === "function" ? await args() : args;
    if (announcement !== undefined) say(announcement);
    process.exitCode = await runToItsEnd(
      node,
      [...leash(wholeGroup), ...program(script, bundled), ...found],
      { ...env, ...environment },
      wholeGroup,
    );
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

/**
 * @param {string} script
 * @param {boolean} bundled
 */
function program(script, bundled) {
  const bundle = bundled ? madeBy(workspaceRoot, "platform") : undefined;
  if (bundle === undefined) return [join(workspaceRoot, script)];
  // Stacks name the sources.
  return ["--import", pathToFileURL(join(workspaceRoot, "tools", "stacks.mjs")).href, bundle];
}

/**
 * Returns the arguments that end the script with this process, even if this process is killed.
 *
 * @param {boolean} wholeGroup
 */
function leash(wholeGroup) {
  return [
    "--import",
    pathToFileURL(join(workspaceRoot, "tools", "leash.mjs")).href + (wholeGroup ? "?group" : ""),
  ];
}
