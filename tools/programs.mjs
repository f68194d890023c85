// @ts-check

// Programs that some tests need and npm does not carry.
//
// Looked for on PATH, then in a cache folder, then brought into that folder with apt's own tools: private lists and a
// private source, so that the system's own configuration is neither used nor changed; signatures are checked as apt
// always checks them. What is half done is never seen: a program appears in the cache by one rename.
//
//   node tools/programs.mjs NAME …   finds each program, and prints its path
//
// A test that needs one:
//
//   const nats = await needsProgram("nats-server");
//   describe("…", { skip: nats.skip }, () => { … spawn(nats.path) … });

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { withLock } from "./lock.mjs";

const run = promisify(execFile);

/**
 * @typedef {object} Program
 * @property {string} package Debian's package that has it
 * @property {string} file where the package puts it
 * @property {string[]} versionArguments
 * @property {string} atLeast the oldest version that serves
 * @property {boolean} requiredInCi with CI=true its absence is a failure, not a skip
 */

// Debian 13 for all of them: its nats-server is the first without the race that the bus and the registry refuse to run
// on, and the same versions everywhere make a failure repeatable. They need no more than libc6 2.34.
const suite = "trixie";
const archive = "http://deb.debian.org/debian";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const aptTimeoutMs = 180_000;

/** @type {Record<string, Program>} */
export const programs = {
  "nats-server": {
    package: "nats-server",
    file: "usr/sbin/nats-server",
    versionArguments: ["--version"],
    atLeast: "2.10.27",
    requiredInCi: true,
  },
  prometheus: {
    package: "prometheus",
    file: "usr/bin/prometheus",
    versionArguments: ["--version"],
    atLeast: "2.42.0",
    requiredInCi: true,
  },
  promtool: {
    package: "promtool",
    file: "usr/bin/promtool",
    versionArguments: ["--version"],
    atLeast: "2.42.0",
    requiredInCi: true,
  },
};

/** @type {Map<string, Promise<{ path: string } | { reason: string }>>} */
const found = new Map();

/**
 * The path of a program, or undefined where it cannot be had (the reason is printed).
 *
 * @param {string} name one of `programs`
 * @returns {Promise<string | undefined>}
 */
export async function findProgram(name) {
  const result = await look(name);
  if ("path" in result) return result.path;
  console.error(`MISSING PROGRAM ${name}: ${result.reason}`);
  return undefined;
}

/**
 * What a test needs to know of a program: where it is, or why the test is skipped. With CI=true the absence of a
 * required program is thrown, because a CI that skips quietly proves nothing.
 *
 * @param {string} name one of `programs`
 * @returns {Promise<{ path: string, skip: string | false }>}
 */
export async function needsProgram(name) {
  const result = await look(name);
  if ("path" in result) return { path: result.path, skip: false };
  const skip = `${name} is missing: ${result.reason}`;
  if (process.env["CI"] === "true" && programs[name]?.requiredInCi)
    throw new Error(`${skip}; with CI=true its tests must run`);
  return { path: "", skip };
}

/** @param {string} name */
function look(name) {
  let result = found.get(name);
  if (result === undefined) {
    result = locate(name);
    found.set(name, result);
  }
  return result;
}

/**
 * @param {string} name
 * @returns {Promise<{ path: string } | { reason: string }>}
 */
async function locate(name) {
  const program = programs[name];
  if (program === undefined)
    throw new Error(`no program ${name} is known: expected one of ${Object.keys(programs).join(", ")}`);
  const refused = [];
  for (const path of [...onPath(name), cached(program)]) {
    const version = await versionOf(path, program);
    if (version === undefined) continue;
    if (isAtLeast(version, program.atLeast)) return { path };
    refused.push(`${path} is ${version}`);
  }
  try {
    await withLock(join(cacheFolder(), "apt.lock"), () => bring(program));
  } catch (error) {
    const old = refused.length > 0 ? ` (${refused.join(", ")}; expected ${program.atLeast} or newer)` : "";
    return {
      reason: `${reasonOf(error)}${old}. Install ${name} ${program.atLeast} or newer and put it on PATH`,
    };
  }
  return { path: cached(program) };
}

/** @param {string} name */
function onPath(name) {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name));
}

function cacheFolder() {
  return process.env["TUTTI_CACHE"] ?? join(homedir(), ".cache", "tutti", "programs");
}

/** @param {Program} program */
function cached(program) {
  return join(cacheFolder(), `${suite}-${program.package}`, program.file);
}

/**
 * @param {string} path
 * @param {Program} program
 */
async function versionOf(path, program) {
  if (!existsSync(path)) return undefined;
  try {
    const { stdout, stderr } = await run(path, program.versionArguments, { timeout: 10_000 });
    return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0];
  } catch {
    return undefined;
  }
}

/**
 * @param {string} version
 * @param {string} least
 */
export function isAtLeast(version, least) {
  return version.localeCompare(least, "en", { numeric: true }) >= 0;
}

/** @param {Program} program */
async function bring(program) {
  // Another process may have brought it while this one waited for the lock.
  if ((await versionOf(cached(program), program)) !== undefined) return;
  if (process.platform !== "linux" || onPath("apt-get").every((path) => !existsSync(path)))
    throw new Error("this system has no apt");
  if (!existsSync(keyring))
    throw new Error(`Debian's keys are not at ${keyring} (package debian-archive-keyring)`);
  const folder = cacheFolder();
  await removeLeftovers(folder);
  const part = await mkdtemp(join(folder, "part-"));
  try {
    const options = await privateApt(folder);
    await apt([...options, "update"], part);
    await apt([...options, "download", program.package], part);
    const deb = (await readdir(part)).find((file) => file.endsWith(".deb"));
    if (deb === undefined) throw new Error(`apt-get downloaded no package ${program.package}`);
    await run("dpkg-deb", ["-x", join(part, deb), join(part, "root")], { timeout: aptTimeoutMs });
    if (!existsSync(join(part, "root", program.file))) throw new Error(`${deb} has no ${program.file}`);
    await rm(join(folder, `${suite}-${program.package}`), { recursive: true, force: true });
    await rename(join(part, "root"), join(folder, `${suite}-${program.package}`));
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/**
 * The lock is held, so a part that is here belongs to a process that died.
 *
 * @param {string} folder
 */
async function removeLeftovers(folder) {
  for (const name of await readdir(folder)) {
    if (name.startsWith("part-")) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function privateApt(folder) {
  const state = join(folder, "apt");
  await mkdir(join(state, "lists", "partial"), { recursive: true });
  await mkdir(join(state, "archives", "partial"), { recursive: true });
  const source = join(state, "sources.list");
  await writeFile(source, `deb [signed-by=${keyring}] ${archive} ${suite} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": source,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(state, "lists"),
    "Dir::Cache": state,
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "20",
    // Without this, lists that could not be fetched are a warning, and an old list would pass for a new one.
    "APT::Update::Error-Mode": "any",
  };
  return ["-q", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

/**
 * @param {string[]} args
 * @param {string} cwd
 */
async function apt(args, cwd) {
  await run("apt-get", args, {
    cwd,
    timeout: aptTimeoutMs,
    env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** @param {unknown} error */
function reasonOf(error) {
  const { stderr, message } = /** @type {{ stderr?: string, message: string }} */ (error);
  const line = stderr?.split("\n").find((text) => text.startsWith("E: "));
  return line ? `apt-get: ${line.slice(3).trim()}` : (message.split("\n")[0] ?? message);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const paths = await Promise.all(process.argv.slice(2).map(findProgram));
  for (const path of paths) if (path !== undefined) console.log(path);
  if (paths.includes(undefined)) process.exitCode = 1;
}
