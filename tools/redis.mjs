// @ts-check

// A Redis server for tests, on a free port of this machine, with its files in a separate folder. Each write is on disk
// before the reply. It ends with the process that started it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../libs/nats/src/local/ports.ts";

export const password = "sesame-3e9b";

/**
 * @param {string} program as `needsProgram("redis-server")` finds it
 * @param {readonly string[]} [settings] such as `--maxmemory`, `1mb`
 */
export async function startRedis(program, settings = []) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-redis-"));
  const port = await freePort();
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  const end = () => child?.kill("SIGKILL");
  const up = async () => {
    const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", password];
    const disk = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const started = spawn(program, [...place, ...disk, ...settings], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child = started;
    process.once("exit", end);
    let output = "";
    await new Promise((resolve, reject) => {
      started.stdout.setEncoding("utf8").on("data", (text) => {
        output = `${output}${text}`.slice(-4_000);
        if (output.includes("Ready to accept connections")) resolve(undefined);
      });
      started.once("error", reject);
      started.once("exit", (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)));
    });
  };
  const kill = async () => {
    const ending = child;
    if (ending === undefined) return;
    child = undefined;
    process.off("exit", end);
    const ended = once(ending, "exit");
    ending.kill("SIGKILL");
    await ended;
  };
  await up();
  return {
    port,
    url: `redis://:${password}@127.0.0.1:${port}`,
    /** @param {NodeJS.Signals} signal */
    signal: (signal) => void child?.kill(signal),
    /** Kills it immediately, like the loss of a machine. Keeps port and files. */
    kill,
    /** Starts it again. */
    up,
    /** Ends it and removes its files. */
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
