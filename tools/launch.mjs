// @ts-check

// Runs one script of the workspace on the Node of the workspace, after set-up, as if this process were it: the same
// arguments, streams and exit code. A signal reaches the script once, however often it reaches this process: a terminal
// sends Ctrl-C to every process of the group, and npm forwards it a second time. So the script has a group of its own,
// and what comes within a moment of the first signal is the same signal. A later one is a second one; a script that does
// not stop upon it is killed.
//
// Runs on Node 18 without dependencies.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { madeBy } from "./fronts.mjs";
import { SetUpFailed, setUp, workspaceRoot } from "./setup.mjs";

const sameSignalMs = 400;
const killAfterMs = 2_000;
const orphanPollMs = 250;
const hasGroups = process.platform !== "win32";

/** @param {string} line */
export function say(line) {
  process.stderr.write(`tutti: ${line}\n`);
}

/**
 * @typedef {object} Manner
 * @property {string} [announcement] said before the script runs
 * @property {Record<string, string>} [environment] of the script, beside this process's own
 * @property {boolean} [withFronts] what people see is built first, where it is not what its sources say
 * @property {boolean} [withPlatform] the platform's bundle is built first, if it is stale
 * @property {boolean} [bundled] runs the platform's bundle in place of the script, if it can be built
 * @property {boolean} [wholeGroup] signals go to all that the script started as well, not to the script alone
 */

/**
 * @param {string} script its path in the workspace
 * @param {string[]} args
 * @param {Manner} [manner]
 */
export async function launch(script, args, manner = {}) {
  const { announcement, environment = {}, withFronts = false, bundled = false, wholeGroup = false } = manner;
  const { withPlatform = bundled } = manner;
  try {
    const { node, env } = await setUp(say, workspaceRoot, { withFronts, withPlatform });
    if (!existsSync(join(workspaceRoot, script)))
      throw new SetUpFailed(`${script} is not there: this clone is not complete`);
    if (announcement !== undefined) say(announcement);
    process.exitCode = await runToItsEnd(
      node,
      [...leash(wholeGroup), ...program(script, bundled), ...args],
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
 * The script ends with this process, even where this process is killed.
 *
 * @param {boolean} wholeGroup
 */
function leash(wholeGroup) {
  return [
    "--import",
    pathToFileURL(join(workspaceRoot, "tools", "leash.mjs")).href + (wholeGroup ? "?group" : ""),
  ];
}

/**
 * @param {string} node
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} wholeGroup
 * @returns {Promise<number>} the exit code
 */
function runToItsEnd(node, args, env, wholeGroup) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, {
      env,
      stdio: ["inherit", "inherit", "inherit", "pipe"],
      detached: hasGroups,
    });
    /** @param {NodeJS.Signals} signal */
    const send = (signal) => {
      try {
        if (wholeGroup && hasGroups && child.pid !== undefined) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch (error) {
        // It ended by itself in between.
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
      }
    };
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));

    let signalledAt = 0;
    let signals = 0;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      const now = Date.now();
      if (signals > 0 && now - signalledAt < sameSignalMs) return;
      signalledAt = now;
      signals += 1;
      send(signal);
      if (signals > 1) setTimeout(() => send("SIGKILL"), killAfterMs).unref();
    };
    for (const signal of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]))
      process.on(signal, () => forward(signal));
    whenNpmIsGone(() => forward("SIGTERM"));
  });
}

/**
 * npm hands SIGTERM to the shell between itself and this process, and that shell dies without handing it on. So a
 * parent that went away is a SIGTERM, where npm is the one that started this.
 *
 * @param {() => void} stop
 */
function whenNpmIsGone(stop) {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, orphanPollMs);
  timer.unref();
}
