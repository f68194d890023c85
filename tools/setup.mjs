// @ts-check

// Set-up: prepares a fresh clone before any of its programs runs.
//
// 1. The packages match package-lock.json: `npm ci` runs if the lockfile differs from the stamp in node_modules.
// 2. The generated code matches proto/: generation runs if the contracts or their generator differ from the stamp next
//    to the code.
// 3. The dashboard, the command, the platform and its services are built if a caller requests them (fronts.mjs).
// 4. All programs after set-up run on the pinned Node. Without a package for it, a system Node of at least the pinned
//    major version is used.
// 5. If all is up to date, nothing is written, and the check takes milliseconds.
//
// Runs on Node 18 without dependencies, because none are installed yet.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFronts, staleFronts } from "./fronts.mjs";
import { withLock } from "./lock.mjs";

export const workspaceRoot = dirname(dirname(fileURLToPath(import.meta.url)));

export const pinnedMajor = 24;

/** A failed set-up. The user sees only its message. */
export class SetUpFailed extends Error {}

/** @typedef {import("./fronts.mjs").FrontName} FrontName */

/**
 * @typedef {object} Ready
 * @property {string} node the Node for all further programs
 * @property {NodeJS.ProcessEnv} env the environment with `node` and the packages' commands first on PATH
 */

/**
 * Installs packages and generates code that are absent or out of date, and builds the fronts that are stale.
 *
 * @param {(line: string) => void} say
 * @param {string} [root]
 * @param {readonly FrontName[]} [fronts]
 * @returns {Promise<Ready>}
 */
export async function setUp(say, root = workspaceRoot, fronts = []) {
  try {
    if (!isInstalled(root) || !isGenerated(root) || staleFronts(root, fronts).length > 0)
      await withLock(
        join(root, ".cache", "set-up.lock"),
        () => mend(say, root, fronts),
        (holder) => say(`waiting for the set-up of ${holder}`),
      );
    const node = nodeFor(root);
    return { node, env: environmentFor(root, node) };
  } catch (error) {
    throw explained(error, root);
  }
}

/**
 * @param {(line: string) => void} say
 * @param {string} root
 * @param {readonly FrontName[]} fronts
 */
async function mend(say, root, fronts) {
  if (!isInstalled(root)) await install(say, root);
  if (!isGenerated(root)) await generate(say, root);
  const stale = staleFronts(root, fronts);
  if (stale.length === 0) return;
  const node = nodeFor(root);
  await buildFronts(stale, { root, node, env: environmentFor(root, node), run, say });
}

// Installing

/** @param {string} root */
function installStamp(root) {
  return join(root, "node_modules", ".tutti", "installed");
}

/** @param {string} root */
function expectedInstalled(root) {
  return `${hashOf([join(root, "package-lock.json")])} ${process.platform}-${process.arch}\n`;
}

/** @param {string} root */
function isInstalled(root) {
  return readIfThere(installStamp(root)) === expectedInstalled(root);
}

/**
 * @param {(line: string) => void} say
 * @param {string} root
 */
async function install(say, root) {
  const expected = expectedInstalled(root);
  // After a manual `npm install PACKAGE`, all packages are installed. A new installation would only cost time.
  if (!isAsLocked(root)) {
    say("installing packages (npm ci)");
    const started = Date.now();
    await notInSilence(say, "installing packages", npmCi(root));
    say(`installed packages in ${seconds(started)}`);
  }
  const pinned = pinnedNode(root, process.platform, process.arch);
  if (existsSync(pinned) && !(await runs(pinned, root)))
    writeStamp(unfitMark(root), `${pinned} does not run on this system\n`);
  writeStamp(installStamp(root), expected);
}

/** @param {string} root */
function npmsRecord(root) {
  return join(root, "node_modules", ".package-lock.json");
}

/**
 * Returns whether npm's record of installed packages matches the lockfile.
 *
 * @param {string} root
 */
function isAsLocked(root) {
  const hidden = readIfThere(npmsRecord(root));
  if (hidden === undefined) return false;
  const installed = JSON.parse(hidden).packages;
  const { "": _, ...expected } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const differs = Object.entries(expected).some(([path, { version, integrity, optional, link }]) => {
    // The workspace's own packages are links, which `npm run make` also adds.
    if (link || !path.includes("node_modules/")) return !existsSync(join(root, path));
    const found = installed[path];
    if (found === undefined) return !optional;
    return found.version !== version || found.integrity !== integrity;
  });
  return !differs && Object.keys(installed).every((path) => path in expected);
}

/** @param {string} root */
async function npmCi(root) {
  const [command, ...before] = npmCommand();
  const log = join(root, ".cache", "npm-ci.log");
  const { code, output } = await run(command, [...before, "ci", ...npmOptions], root);
  // Some versions of npm exit with 0 and install nothing if their registry answers wrongly.
  if (code === 0 && existsSync(npmsRecord(root))) return;
  writeFileSync(log, output);
  throw new SetUpFailed(explainNpm(output, code, log));
}

// Development and optional packages are installed under any NODE_ENV, because set-up itself needs them. Retries are few
// and short, because with npm's defaults a machine without network waits for more than a minute.
const npmOptions = [
  "--include=dev",
  "--include=optional",
  "--no-audit",
  "--no-fund",
  "--no-progress",
  "--loglevel=error",
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/** @returns {[string, ...string[]]} */
function npmCommand() {
  const cli = process.env["npm_execpath"];
  if (cli?.endsWith("npm-cli.js") && existsSync(cli)) return [process.execPath, cli];
  const name = process.platform === "win32" ? "npm.cmd" : "npm";
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
  if (path === undefined)
    throw new SetUpFailed(
      "npm is not on PATH. It comes with Node: install Node 18 or newer from https://nodejs.org",
    );
  return [path];
}

/**
 * @param {string} output
 * @param {number} code
 * @param {string} log
 */
function explainNpm(output, code, log) {
  const error =
    /^npm (?:ERR!|error) code (\S+)/m.exec(output)?.[1] ??
    (code === 0 ? "npm ended before it was done" : `exit code ${code}`);
  const whole = `(npm's output: ${log})`;
  if (
    /^(ENOTFOUND|EAI_AGAIN|ECONN\w+|E?TIMEDOUT|ETIMEOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)$/.test(
      error,
    )
  ) {
    return `npm cannot reach its registry: ${error}. Check the network, the proxy and npm's registry setting, then run this again ${whole}`;
  }
  if (error === "EUSAGE")
    return `package.json and package-lock.json do not match. Run npm install and commit the lockfile ${whole}`;
  if (error === "ENOSPC")
    return `npm ci failed, the disk is full: ENOSPC. Free about 1 GB, then run this again ${whole}`;
  if (/^(EACCES|EPERM|EROFS)$/.test(error))
    return `npm ci cannot write its files: ${error}. Make this folder and npm's cache writable ${whole}`;
  const first = /^npm (?:ERR!|error) (?!code )(.+)$/m.exec(output)?.[1];
  return `npm ci failed: ${error}${first ? `, ${first}` : ""} ${whole}`;
}

// Generating

/** @param {string} root */
function generatedStamp(root) {
  return join(root, "libs", "contracts", "src", "generated", ".stamp");
}

/** @param {string} root */
function expectedGenerated(root) {
  const sources = [
    ...filesUnder(join(root, "proto")),
    join(root, "tools", "generate.mjs"),
    ...filesUnder(join(root, "tools", "generate")),
    join(root, "tools", "reference", "comments.mjs"),
    ...["routes", "plan"].map((room) => join(root, "libs", "rest", "src", room)).flatMap(filesUnder),
  ];
  const makers = ["@bufbuild/buf", "@bufbuild/protobuf"].map((name) =>
    join(root, "node_modules", name, "package.json"),
  );
  return `${hashOf([...sources, ...makers], root)}\n`;
}

/** @param {string} root */
function isGenerated(root) {
  return readIfThere(generatedStamp(root)) === expectedGenerated(root);
}

/**
 * @param {(line: string) => void} say
 * @param {string} root
 */
async function generate(say, root) {
  const expected = expectedGenerated(root);
  say("generating code from proto/");
  const started = Date.now();
  const node = nodeFor(root);
  const { code, output } = await notInSilence(
    say,
    "generating code",
    run(node, [join(root, "tools", "generate.mjs")], root, environmentFor(root, node)),
  );
  if (code !== 0) {
    process.stderr.write(output);
    throw new SetUpFailed("code generation from proto/ failed, see above");
  }
  writeStamp(generatedStamp(root), expected);
  say(`generated code in ${seconds(started)}`);
}

// Node

/**
 * Returns the Node for all programs: the pinned one, otherwise the system's if it is new enough.
 *
 * @param {string} root
 * @param {{ platform: string, arch: string, version: string, execPath: string }} [system]
 */
export function nodeFor(
  root,
  system = {
    platform: process.platform,
    arch: process.arch,
    version: process.versions.node,
    execPath: process.execPath,
  },
) {
  const pinned = pinnedNode(root, system.platform, system.arch);
  if (existsSync(pinned) && !existsSync(unfitMark(root))) return pinned;
  if (Number(system.version.split(".")[0]) >= pinnedMajor) return system.execPath;
  const place = `${system.platform}-${system.arch}`;
  throw new SetUpFailed(
    `npm has no Node ${pinnedMajor} for ${place}, and this is Node ${system.version}. Install Node ${pinnedMajor} or newer from https://nodejs.org, then run this again`,
  );
}

/**
 * @param {string} root
 * @param {string} platform
 * @param {string} arch
 */
function pinnedNode(root, platform, arch) {
  const [name, file] = platform === "win32" ? ["win", "node.exe"] : [platform, "node"];
  return join(root, "node_modules", `node-${name}-${arch}`, "bin", file);
}

/**
 * Returns the mark of an unusable Node. npm does not know C libraries, so on Alpine it installs a Node that cannot run.
 *
 * @param {string} root
 */
function unfitMark(root) {
  return join(root, "node_modules", ".tutti", "unfit-node");
}

/**
 * @param {string} node
 * @param {string} root
 */
async function runs(node, root) {
  return run(node, ["--version"], root).then(
    ({ code }) => code === 0,
    () => false,
  );
}

/**
 * Settings of glibc for freed memory. By default glibc keeps up to eight arenas, with ever larger blocks. Program texts
 * of several megabytes left holes that no other block fits. ADR 0012 has the measurements.
 */
export const allocator = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(128 * 1024),
};

/**
 * @param {string} root
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentFor(root, node) {
  const first = [dirname(node), join(root, "node_modules", ".bin")];
  const others = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !first.includes(folder));
  return {
    ...allocator,
    ...process.env,
    PATH: [...first, ...others].join(delimiter),
    // Sources are stripped and compiled once, not at every start.
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(root, "node_modules", ".cache", "node"),
  };
}

// Files and processes

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
    )
    .sort();
}

/**
 * @param {string[]} files
 * @param {string} [root] base of the names in the hash
 */
function hashOf(files, root) {
  const hash = createHash("sha256");
  for (const file of files) {
    if (root !== undefined) hash.update(`${relative(root, file).split(sep).join("/")}\0`);
    hash.update(readIfThere(file) ?? "");
  }
  return hash.digest("hex");
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * @param {string} file
 * @param {string} text
 */
function writeStamp(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const reportEveryMs = 20_000;

/**
 * Reports a running step repeatedly. On a slow network or machine it may take minutes, and a silent terminal looks
 * hung.
 *
 * @template T
 * @param {(line: string) => void} say
 * @param {string} what
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
export async function notInSilence(say, what, work, everyMs = reportEveryMs) {
  const started = Date.now();
  const news = setInterval(() => say(`still ${what}, for ${seconds(started)} now`), everyMs);
  try {
    return await work;
  } finally {
    clearInterval(news);
  }
}

/** @param {number} started */
function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

/**
 * Runs a command to its end and keeps its output. A signal to this process also ends the command.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, args, cwd, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      shell: command.endsWith(".cmd"),
    });
    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    /** @param {NodeJS.Signals} signal */
    const stop = (signal) => {
      child.kill(signal);
      process.exit(128 + constants.signals[signal]);
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, stop);
    const done = () => {
      for (const signal of signals) process.removeListener(signal, stop);
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("close", (code) => {
      done();
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() });
    });
  });
}

/**
 * @param {unknown} error
 * @param {string} root
 */
function explained(error, root) {
  if (error instanceof SetUpFailed) return error;
  const { path } = /** @type {NodeJS.ErrnoException} */ (error);
  const code = codeOf(error);
  if (code === "EROFS" || code === "EACCES" || code === "EPERM") {
    return new SetUpFailed(
      `cannot write ${path ?? root}: ${code}. Make ${root} writable, or clone into a writable folder`,
    );
  }
  if (code === "ENOSPC")
    return new SetUpFailed(
      `the disk is full, cannot write ${path ?? root}: ENOSPC. Free about 1 GB, then run this again`,
    );
  return error;
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
