// @ts-check

// A NATS server for `npm start -- --nats`, so that every NATS client can read the events of a laptop. It listens only
// on this machine, keeps its data in `.tutti/nats`, and ends with the process that started it.
//
//   node tools/nats.mjs PROGRAM CONFIGURATION   runs it until descriptor 3 has data or is closed
//
// Runs on Node 18 without dependencies.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, programs } from "./programs.mjs";

const host = "127.0.0.1";
const usualPort = 4222;
const pollMs = 50;
const patienceMs = 10_000;
const graceMs = 3_000;

/** The server was not found or does not start. The message has the next action. */
export class NoNats extends Error {}

/**
 * Returns the port that words request, as `--nats` or `--nats=4223`. Undefined if they do not.
 *
 * @param {readonly string[]} words
 * @returns {number | undefined}
 */
export function natsPortIn(words) {
  for (const word of words) {
    const [, port] = /^--nats(?:=(\d{1,5}))?$/.exec(word) ?? ["", ""];
    if (port !== "") return port === undefined ? usualPort : Number(port);
  }
  return undefined;
}

/**
 * Starts the server, and waits until it answers.
 *
 * @param {number} port
 * @param {string} [directory] of `.tutti`
 * @returns {Promise<{ words: string[], stop: () => Promise<void> }>} flags for the platform, and a function to stop the
 *   server
 */
export async function startNats(port, directory = process.cwd()) {
  const program = await findProgram("nats-server");
  if (program === undefined) {
    const least = programs["nats-server"]?.atLeast;
    throw new NoNats(
      `--nats needs nats-server ${least} or newer, not found: install it, or use a running server: --bus.transport=nats --nats.servers=HOST:PORT`,
    );
  }
  if (await answers(port))
    throw new NoNats(
      `port ${port} of ${host} is in use: choose another port, --nats=${port + 1}, or use the running server: --bus.transport=nats --nats.servers=${host}:${port}`,
    );
  const folder = join(directory, ".tutti", "nats");
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, "nats.conf");
  writeFileSync(
    configuration,
    `listen: "${host}:${port}"\nmax_payload: 8MB\njetstream { store_dir: ${JSON.stringify(folder)} }\n`,
  );
  // A separate group: Ctrl-C is for the platform, which publishes its last events first.
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), program, configuration], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    output = `${output}${text}`.slice(-2_000);
  });
  const ended = once(child, "exit");
  const leash = /** @type {import("node:stream").Writable | null} */ (child.stdio[3] ?? null);
  leash?.on("error", () => {});
  const stop = async () => {
    leash?.write("end");
    await ended;
  };
  for (let waitedMs = 0; !(await answers(port)); waitedMs += pollMs) {
    if (child.exitCode === null && waitedMs < patienceMs) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      continue;
    }
    await stop();
    throw new NoNats(`${program} did not start: ${output.trim() || `no answer at ${host}:${port}`}`);
  }
  return { words: ["--bus.transport=nats", `--nats.servers=${host}:${port}`], stop };
}

/** @param {number} port */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/**
 * @param {string} program
 * @param {string} configuration
 */
function keep(program, configuration) {
  const server = spawn(program, ["-c", configuration], { stdio: ["ignore", "ignore", "inherit"] });
  const holder = new Socket({ fd: 3, readable: true, writable: false });
  holder.on("error", () => {});
  // The platform stops gracefully after a request to stop or the end of its parent. For that it needs its bus.
  holder.on("data", () => server.kill("SIGTERM"));
  holder.on("close", () => setTimeout(() => server.kill("SIGTERM"), graceMs));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => server.kill("SIGTERM"));
  server.on("error", (error) => process.stderr.write(`${error.message}\n`));
  server.on("close", (code) => process.exit(code ?? 1));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [program = "", configuration = ""] = process.argv.slice(2);
  keep(program, configuration);
}
