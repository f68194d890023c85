// @ts-check

// The two ports of `npm start`: one for the dashboard and the CLI (`operations.port`), one for gRPC (`mesh.listen`).
//
// 1. Both are checked together. If one is taken, the message names all taken ports, and a free pair.
// 2. `--port auto` uses the first free pair from 7400 on, `--port N` uses N and N + 1.
// 3. Without `--port` and a setting of a port, the ports of the last start in the folder are used.
// 4. Ports in a configuration file are not known here, and not checked.
// 5. Starts at the same moment choose different pairs. This process listens on the claim port of its pair until it ends.
//    So the pair stays chosen before the platform listens on it.
//
// Runs on Node 18 without dependencies.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";

const loopback = "127.0.0.1";
const usualPort = 7400;
const pairStep = 10;
const pairsTried = 50;
/** Distance from the first port of a pair to its claim port. */
const claimOffset = 9;
/** @type {{ first: number, server: import("node:net").Server } | undefined} the pair that this process has chosen */
let claim;

/** The ports are taken. The message has the next action. */
export class PortsTaken extends Error {}

/**
 * Returns the arguments of the platform, with the ports in place of `--port`. Throws `PortsTaken`.
 *
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} [environment]
 * @param {string} [command] that starts the platform, for the messages
 * @returns {Promise<string[]>}
 */
export async function withPorts(words, environment = process.env, command = "npm start --") {
  const { port = lastPort(words, environment), others } = portsIn(words);
  if (port === "auto") return [...others, ...wordsOf(await claimedPair(command))];
  if (port !== undefined) {
    const first = Number(port);
    if (!/^\d{1,5}$/.test(port) || first < 1 || first > 65_534)
      throw new PortsTaken(`--port: expected auto or a number from 1 to 65534, got \`${port}\``);
    const chosen = [...others, ...wordsOf(first)];
    await refuseTaken(chosen, environment, command);
    return chosen;
  }
  await refuseTaken(others, environment, command);
  return others;
}

/**
 * Returns the arguments of a platform that only prints information, and has no ports.
 *
 * @param {readonly string[]} words
 */
export function withoutPort(words) {
  return portsIn(words).others;
}

/** @param {readonly string[]} words */
function portsIn(words) {
  /** @type {string | undefined} */
  let port;
  const others = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--port") port = words[++at] ?? "";
    else if (word.startsWith("--port=")) port = word.slice("--port=".length);
    else others.push(word);
  }
  return { port, others };
}

/** @param {number} first */
function wordsOf(first) {
  return [`--operations.port=${first}`, `--mesh.listen=${loopback}:${first + 1}`];
}

/**
 * Returns a function that looks a key up, and whether a file may set other ports. The platform itself reports ports of a
 * file that are taken.
 *
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} environment
 */
function settingsIn(words, environment) {
  const known = (/** @type {string} */ key, /** @type {string} */ variable) =>
    words.findLast((word) => word.startsWith(`--${key}=`))?.slice(key.length + 3) ?? environment[variable];
  const hasFile =
    known("config", "TUTTI_CONFIG") !== undefined ||
    ["tutti.yaml", "tutti.json"].some((file) => existsSync(file));
  return { known, hasFile };
}

/**
 * Returns the port of the last start in the folder, which clients there use. Undefined if a setting may have another one.
 *
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} environment
 */
function lastPort(words, environment) {
  const { known, hasFile } = settingsIn(words, environment);
  const isSet =
    hasFile ||
    known("operations.port", "TUTTI_OPERATIONS_PORT") !== undefined ||
    known("mesh.listen", "TUTTI_MESH_LISTEN") !== undefined;
  return isSet ? undefined : /:(\d+)$/.exec(runningHere()?.url ?? "")?.[1];
}

/**
 * @param {readonly string[]} words
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} command
 */
async function refuseTaken(words, environment, command) {
  const { known, hasFile } = settingsIn(words, environment);
  const http = known("operations.port", "TUTTI_OPERATIONS_PORT") ?? (hasFile ? undefined : String(usualPort));
  const mesh =
    known("mesh.listen", "TUTTI_MESH_LISTEN") ?? (hasFile ? undefined : `${loopback}:${usualPort + 1}`);
  const requested = [
    {
      port: Number(http),
      host: known("operations.host", "TUTTI_OPERATIONS_HOST") ?? loopback,
      by: "dashboard and CLI",
    },
    {
      port: Number(mesh?.slice(mesh.lastIndexOf(":") + 1)),
      host: mesh?.slice(0, mesh.lastIndexOf(":")),
      by: "gRPC",
    },
  ];
  const used = [];
  for (const { port, host, by } of requested)
    if (port >= 1 && !(await isFree(port, host))) used.push(`${port} (${by})`);
  if (used.length === 0) return;
  const running = runningHere();
  // After `kill -9` the file still exists, and another process may have the ports of the dead platform.
  if (
    running?.url.endsWith(`:${http}`) &&
    used[0]?.startsWith(`${http} `) &&
    running.pid !== undefined &&
    isAlive(running.pid)
  )
    throw new PortsTaken(
      `Tutti already runs in this folder: process ${running.pid} at ${running.url}. ` +
        `Use it: export TUTTI_URL=${running.url}`,
    );
  const { first: free, server } = await freePair(command);
  if (server !== claim?.server) await closed(server);
  throw new PortsTaken(
    `${used.length > 1 ? "ports" : "port"} ${used.join(" and ")} in use by another process. ` +
      `Ports ${free} and ${free + 1} are free: ${command} --port ${free}, or let the start choose: ${command} --port auto`,
  );
}

/**
 * Reads the file of a running or stopped platform in its data directory here, which `libs/host/src/data-directory.ts` writes.
 *
 * @returns {{ pid?: number, url: string } | undefined}
 */
function runningHere() {
  try {
    const { pid, url } = JSON.parse(readFileSync(".tutti/lock.json", "utf8"));
    return typeof url === "string" ? { pid, url } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * Returns a free pair that no other start chooses while this process runs.
 *
 * @param {string} command
 */
async function claimedPair(command) {
  claim = await freePair(command);
  claim.server.unref();
  return claim.first;
}

/**
 * Returns the first port of a free pair, and a server on its claim port. A pair that this process has claimed stays its
 * pair.
 *
 * @param {string} command
 */
async function freePair(command) {
  if (claim !== undefined && (await isFreePair(claim.first))) return claim;
  await closed(claim?.server);
  claim = undefined;
  for (let pair = 0; pair < pairsTried; pair++) {
    const first = usualPort + pair * pairStep;
    const server = createServer();
    if ((await listening(server, first + claimOffset)) !== undefined) continue;
    if (await isFreePair(first)) return { first, server };
    await closed(server);
  }
  throw new PortsTaken(
    `No two free ports in a row from ${usualPort}. Choose a port: ${command} --port 20000`,
  );
}

/** @param {number} first */
async function isFreePair(first) {
  return (await isFree(first)) && (await isFree(first + 1));
}

/**
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>} false only if another process has it. The platform reports any other error
 */
async function isFree(port, host = loopback) {
  const server = createServer();
  const error = await listening(server, port, host);
  await closed(server);
  return error?.code !== "EADDRINUSE";
}

/**
 * @param {import("node:net").Server} server
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<NodeJS.ErrnoException | undefined>} undefined if the server listens
 */
function listening(server, port, host = loopback) {
  return new Promise((resolve) => {
    server.once("error", resolve);
    server.listen({ port, host: host.replace(/^\[|\]$/g, ""), exclusive: true }, () => resolve(undefined));
  });
}

/**
 * @param {import("node:net").Server | undefined} server
 * @returns {Promise<void>}
 */
function closed(server) {
  return new Promise((resolve) => {
    if (server?.listening) server.close(() => resolve());
    else resolve();
  });
}
