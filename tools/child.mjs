// @ts-check

// Runs a program in place of this process, with the same streams and exit code.
//
// 1. A signal reaches the program once. A terminal sends Ctrl-C to every process of the group, and npm forwards it a
//    second time. So the program has its own group, and a repetition within a moment of a signal is the same signal.
// 2. A later repetition is a second signal. A program that does not stop after it is killed.
//
// Runs on Node 18 without dependencies.

import { spawn } from "node:child_process";
import { constants } from "node:os";

const sameSignalMs = 400;
const killAfterMs = 2_000;
const orphanPollMs = 250;
const hasGroups = process.platform !== "win32";
/** Read before the program starts. A parent that ends in between would be missed otherwise. */
const parent = process.ppid;

/**
 * Returns the effect of a signal to this process on the program: nothing, the same signal, or a kill. The Windows
 * console reports Ctrl-C and its own end to every process. There, a signal to the program would end it immediately,
 * before it has drained.
 *
 * @param {NodeJS.Signals} signal
 * @param {number} count of signals, including this one
 * @param {string} platform
 * @returns {"nothing" | "signal" | "kill"}
 */
export function reactionTo(signal, count, platform = process.platform) {
  if (platform !== "win32") return "signal";
  if (count > 1) return "kill";
  return signal === "SIGINT" || signal === "SIGHUP" ? "nothing" : "signal";
}

/**
 * @typedef {object} Program
 * @property {import("node:child_process").ChildProcess} child with a pipe to this process as descriptor 3
 * @property {Promise<number>} ended its exit code
 */

/**
 * @param {string} node
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Program}
 */
export function startProgram(node, args, env) {
  const child = spawn(node, args, {
    env,
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    detached: hasGroups,
  });
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
  // The pipe breaks when the program ends. Its exit code says how.
  child.stdio[3]?.on("error", () => {});
  ended.catch(() => {});
  return { child, ended };
}

/**
 * @param {Program} program
 * @param {boolean} wholeGroup signals also go to all processes that the program has started
 * @returns {Promise<number>} the exit code
 */
export function runToItsEnd({ child, ended }, wholeGroup) {
  /** @param {NodeJS.Signals} signal */
  const send = (signal) => {
    try {
      if (wholeGroup && hasGroups && child.pid !== undefined) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch (error) {
      // It has ended by itself in between.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
    }
  };
  let signalledAt = 0;
  let signals = 0;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const now = Date.now();
    if (signals > 0 && now - signalledAt < sameSignalMs) return;
    signalledAt = now;
    signals += 1;
    const reaction = reactionTo(signal, signals);
    if (reaction !== "nothing") send(reaction === "kill" ? "SIGKILL" : signal);
    if (signals > 1) setTimeout(() => send("SIGKILL"), killAfterMs).unref();
  };
  for (const signal of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]))
    process.on(signal, () => forward(signal));
  whenNpmIsGone(() => forward("SIGTERM"));
  return ended;
}

/**
 * Treats the end of the parent as a SIGTERM if npm has started this process. npm sends SIGTERM to the shell between
 * itself and this process, and that shell ends without forwarding it.
 *
 * @param {() => void} stop
 */
function whenNpmIsGone(stop) {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, orphanPollMs);
  timer.unref();
}
