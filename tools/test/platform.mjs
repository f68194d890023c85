// @ts-check

// A platform or one service in a separate process, started as users start it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const anyPort = ["--operations.port=0", "--mesh.listen=127.0.0.1:0"];

/**
 * Starts it and waits until it is ready.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 */
export async function startPlatform(t, command, args, options) {
  const child = spawn(command, [...args, ...anyPort], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const exited = once(child, "exit");
  t.after(() => {
    try {
      process.kill(-Number(child.pid), "SIGKILL");
    } catch {
      // It ended, as it should.
    }
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  /** @type {Promise<string>} */
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      const { msg, http } = line.startsWith("{") ? JSON.parse(line) : {};
      if (msg === "ready" && http !== undefined) resolve(http);
    });
  });
  const ended = exited.then(([code]) => {
    throw new Error(`exited before it was ready, with code ${code}:\n${output}`);
  });
  // A later end is no failure.
  ended.catch(() => {});
  const url = await Promise.race([ready, ended]);
  return {
    url,
    /** Returns the output so far. */
    said: () => output,
    /** Stops it, and waits for its end. */
    stop: async () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}
