// @ts-check

// A program in the place of this process: the same streams and exit code. A signal reaches it once, however often it reaches
// this process: a terminal sends Ctrl-C to every process of the group, and npm forwards it a second time. So the program has a
// group of its own, and a repetition within a moment of the first signal is the same signal. A later one is a second one. A
// program that does not stop upon it is killed.
//
// Runs on Node 18 without dependencies.

import { spawn } from "node:child_process";
import { constants } from "node:os";

const sameSignalMs = 400;
const killAfterMs = 2_000;
const orphanPollMs = 250;
const hasGroups = process.platform !== "win32";
/** Read before the program starts: a parent that ends in between is missed otherwise. */
const parent = process.ppid;

/**
 * What a signal to this process does to the program: nothing, the same signal, or an end that it cannot refuse. The console of
 * Windows tells every process of Ctrl-C and of its own end. A signal sent to the program would end it at once there, before
 * it has drained.
 *
 * @param {NodeJS.Signals} signal
 * @param {number} count how many signals there were, this one included
 * @param {string} platform
 * @returns {"nothing" | "signal" | "kill"}
 */
export function reactionTo(signal, count, platform = process.platform) {
  if (platform !== "win32") return "signal";
  if (count > 1) return "kill";
  return signal === "SIGINT" || signal === "SIGHUP" ? "nothing" : "signal";
}

/**
 * @param {string} node
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} wholeGroup signals go to all that it started as well
 * @returns {Promise<number>} the exit code
 */
export function runToItsEnd(node, args, env, wholeGroup) {
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
      const reaction = reactionTo(signal, signals);
      if (reaction !== "nothing") send(reaction === "kill" ? "SIGKILL" : signal);
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
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, orphanPollMs);
  timer.unref();
}
