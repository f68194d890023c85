// @ts-check

// Runs a script of the workspace after set-up, on the Node of the workspace and in place of this process (child.mjs).
//
// Runs on Node 18 without dependencies.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runToItsEnd, startProgram } from "./child.mjs";
import { madeBy } from "./fronts.mjs";
import { environmentFor, nodeFor, SetUpFailed, setUp, workspaceRoot } from "./setup.mjs";

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
 * @property {Held | undefined} [held] the bundle that is already loading
 * @property {boolean} [wholeGroup] signals also go to all processes that the script has started
 */

/** @typedef {{ bundle: string, node: string, program: import("./child.mjs").Program }} Held */

/**
 * Starts the platform's bundle of the last set-up. It loads while the set-up is checked, and waits for its words.
 *
 * @param {Record<string, string>} environment of the platform, in addition to that of this process
 * @returns {Held | undefined} undefined if there is no such bundle
 */
export function hold(environment) {
  const bundle = madeBy(workspaceRoot, "platform");
  if (bundle === undefined || !existsSync(join(dirname(bundle), "main.cjs"))) return undefined;
  try {
    const node = nodeFor(workspaceRoot);
    const args = [...leash("?held"), ...program(bundle, true)];
    const env = { ...environmentFor(workspaceRoot, node), ...environment };
    return { bundle, node, program: startProgram(node, args, env) };
  } catch (error) {
    // The set-up reports it.
    if (error instanceof SetUpFailed) return undefined;
    throw error;
  }
}

/**
 * Ends a program that waits for its words.
 *
 * @param {Held | undefined} held
 */
export function giveUp(held) {
  held?.program.child.kill("SIGKILL");
}

/**
 * @param {string} script its path in the workspace
 * @param {string[] | (() => Promise<string[]>)} args known now, or found after the set-up
 * @param {Manner} [manner]
 */
export async function launch(script, args, manner = {}) {
  const { announcement, environment = {}, fronts = [], bundled = false, held, wholeGroup = false } = manner;
  try {
    const { node, env } = await setUp(say, workspaceRoot, fronts);
    if (!existsSync(join(workspaceRoot, script)))
      throw new SetUpFailed(`${script} not found: this clone is incomplete`);
    const found = typeof args === "function" ? await args() : args;
    if (announcement !== undefined) say(announcement);
    process.exitCode = await runToItsEnd(started(), wholeGroup);

    function started() {
      const bundle = bundled ? madeBy(workspaceRoot, "platform") : undefined;
      if (held !== undefined && held.bundle === bundle && held.node === node) {
        const pipe = /** @type {import("node:stream").Writable} */ (held.program.child.stdio[3]);
        pipe.write(`${JSON.stringify(found)}\n`);
        return held.program;
      }
      giveUp(held);
      const file = bundle ?? join(workspaceRoot, script);
      const args = [...leash(wholeGroup ? "?group" : ""), ...program(file, bundle !== undefined), ...found];
      return startProgram(node, args, { ...env, ...environment });
    }
  } catch (error) {
    giveUp(held);
    if (!(error instanceof SetUpFailed)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

/**
 * @param {string} file
 * @param {boolean} isBundle
 */
function program(file, isBundle) {
  // Stacks name the sources.
  const stacks = pathToFileURL(join(workspaceRoot, "tools", "stacks.mjs")).href;
  return isBundle ? ["--import", stacks, file] : [file];
}

/**
 * Returns the arguments that end the script with this process, even if this process is killed.
 *
 * @param {"" | "?group" | "?held"} manner
 */
function leash(manner) {
  return ["--import", pathToFileURL(join(workspaceRoot, "tools", "leash.mjs")).href + manner];
}
