// @ts-check

// A PostgreSQL server for tests, on a free port of this machine, with its files in a separate folder. It ends with the
// process that started it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../libs/nats/src/local/ports.ts";

const run = promisify(execFile);
const attemptsMax = 100;
const againMs = 50;

/** PostgreSQL does not run as root. This user owns no files. */
const nobody = 65_534;
export const password = "sesame-7c1f";

/**
 * @typedef {object} PostgresServer
 * @property {number} port
 * @property {string} url of the superuser, in the database `postgres`
 * @property {() => Promise<void>} kill kills it immediately, like the loss of a machine. Keeps port and files
 * @property {() => Promise<void>} up starts it again
 * @property {() => Promise<void>} [Symbol.asyncDispose] ends it and removes its files
 */

/**
 * @param {string} program as `needsProgram("postgres")` finds it
 * @param {readonly string[]} [settings] such as `ssl=on`
 * @param {Readonly<Record<string, string>>} [files] files that the settings name, by their names in its folder
 */
export async function startPostgres(program, settings = [], files = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-postgres-"));
  const data = join(folder, "data");
  const secret = join(folder, "password");
  writeFileSync(secret, password);
  if (isRoot()) for (const path of [folder, secret]) chownSync(path, nobody, nobody);
  // Next to the server, or started by the launcher of tools/programs.mjs.
  const own = join(dirname(realpathSync(program)), "initdb");
  const [initdb = "", ...first] = asUser(existsSync(own) ? [own] : [program, "initdb"]);
  const words = [
    "-D",
    data,
    "-U",
    "postgres",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
    "-A",
    "scram-sha-256",
  ];
  await run(initdb, [...first, ...words, `--pwfile=${secret}`], { cwd: folder });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    if (isRoot()) chownSync(join(data, name), nobody, nobody);
  }
  const port = await freePort();
  const server = new Server(program, folder, port, settings);
  await server.up();
  return server;
}

/**
 * Starts a standby that follows a server by streaming replication. It has a copy of the files, for which the server is
 * stopped and starts again.
 *
 * @param {Server} primary
 */
export async function startStandby(primary) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-postgres-"));
  await primary.kill();
  cpSync(primary.data, join(folder, "data"), { recursive: true, preserveTimestamps: true });
  rmSync(join(folder, "data", "postmaster.pid"), { force: true });
  writeFileSync(join(folder, "data", "standby.signal"), "");
  chmodSync(join(folder, "data"), 0o700);
  if (isRoot())
    for (const path of ["", ...readdirSync(folder, { recursive: true })])
      chownSync(join(folder, String(path)), nobody, nobody);
  const from = `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres password=${password}`;
  const standby = new Server(primary.program, folder, await freePort(), [from]);
  await primary.up();
  await standby.up();
  return standby;
}

class Server {
  #program;
  #folder;
  #settings;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  #end = () => this.#child?.kill("SIGKILL");

  /**
   * @param {string} program
   * @param {string} folder
   * @param {number} port
   * @param {readonly string[]} settings
   */
  constructor(program, folder, port, settings) {
    this.#program = program;
    this.#folder = folder;
    this.#settings = settings;
    this.port = port;
  }

  get program() {
    return this.#program;
  }

  get data() {
    return join(this.#folder, "data");
  }

  get url() {
    return `postgres://postgres:${password}@127.0.0.1:${this.port}/postgres`;
  }

  async up() {
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.#launch();
      } catch (error) {
        // After a kill, processes of the server may still run for a moment.
        if (attempts === attemptsMax || !String(error).includes("still in use")) throw error;
        await pause(againMs);
      }
    }
  }

  async #launch() {
    const { port } = this;
    const settings = [`listen_addresses=127.0.0.1`, `port=${port}`, `unix_socket_directories=`];
    const words = [...settings, "shared_buffers=16MB", ...this.#settings].flatMap((each) => ["-c", each]);
    const [program = "", ...first] = asUser([this.#program]);
    const child = spawn(program, [...first, "-D", join(this.#folder, "data"), ...words], {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: this.#folder,
    });
    this.#child = child;
    process.once("exit", this.#end);
    let output = "";
    await new Promise((resolve, reject) => {
      child.stderr?.setEncoding("utf8").on("data", (text) => {
        output = `${output}${text}`.slice(-4_000);
        if (/system is ready to accept (read-only )?connections/.test(output)) resolve(undefined);
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)));
    });
  }

  async kill() {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    process.off("exit", this.#end);
    const ended = once(child, "exit");
    const connections = childrenOf(child.pid);
    child.kill("SIGKILL");
    await ended;
    // Processes of connections would answer until they notice the end of the first one.
    for (const pid of connections)
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has noticed.
      }
  }

  async [Symbol.asyncDispose]() {
    await this.kill();
    // Its child processes may write until they notice the end of the first one.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/**
 * The processes that a process has started. On other systems than Linux: none.
 *
 * @param {number | undefined} pid
 */
function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isRoot() {
  return process.getuid?.() === 0;
}

/**
 * Returns the command for a user that PostgreSQL accepts. It can still read files of root: the cache of programs.
 *
 * @param {readonly string[]} command
 */
function asUser(command) {
  if (!isRoot()) return [...command];
  // The last argument is needed because `access` checks the capability too.
  const rights = [
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
    "--securebits=+no_setuid_fixup",
  ];
  return ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", ...rights, ...command];
}
