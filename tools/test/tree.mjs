// @ts-check

// Copies of the workspace that a test may change, and small trees for one test.

import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, sep } from "node:path";
import { environmentFor, nodeFor, workspaceRoot } from "../setup.mjs";

const madeHere = ["node_modules", ".git", ".cache", ".nx", "dist", ".tutti"];

/** Names of files and folders that a clone does not have. */
export const notCommitted = new Set([...madeHere, "generated"]);

/**
 * Returns a folder that is removed after the test.
 *
 * @param {import("node:test").TestContext} t
 */
export function emptyFolder(t) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "tutti-tools-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/**
 * Returns a folder with these files.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} files text by path
 */
export function treeOf(t, files) {
  const folder = emptyFolder(t);
  write(folder, files);
  return folder;
}

/**
 * @param {string} folder
 * @param {Record<string, string>} files text by path
 */
export function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/**
 * Returns a copy of the workspace with its generated code. Installed packages are links to the originals, and the
 * workspace's own packages are links into the copy.
 *
 * @param {import("node:test").TestContext} t
 * @param {(path: string) => boolean} [expected] which files
 */
export function copyOfWorkspace(t, expected = () => true) {
  const copy = emptyFolder(t);
  copyWorkspaceTo(copy, expected);
  return copy;
}

/**
 * Copies the workspace into an existing folder.
 *
 * @param {string} copy
 * @param {(path: string) => boolean} [expected] which files
 */
export function copyWorkspaceTo(copy, expected = () => true) {
  const filter = (/** @type {string} */ source) => !madeHere.includes(basename(source)) && expected(source);
  cpSync(workspaceRoot, copy, { recursive: true, filter });
  linkPackages(copy);
}

/** @param {string} copy */
function linkPackages(copy) {
  const from = join(workspaceRoot, "node_modules");
  const to = join(copy, "node_modules");
  mkdirSync(join(to, "@tutti"), { recursive: true });
  for (const name of readdirSync(from))
    if (name !== "@tutti" && name !== ".cache") symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, "@tutti"))) {
    const place = relative(workspaceRoot, realpathSync(join(from, "@tutti", name)));
    symlinkSync(join("..", "..", place.split(sep).join("/")), join(to, "@tutti", name));
  }
}

/**
 * Runs a script of a copy on the workspace's Node.
 *
 * @param {string} copy
 * @param {string} script
 * @param {...string} args
 */
export function runIn(copy, script, ...args) {
  const node = nodeFor(workspaceRoot);
  // The variables of Nx and of the test runner belong to this process. With them, a runner in the copy would report to
  // it. Variables of bundles (`TEST_PLATFORM`) name bundles of the workspace, not of the copy.
  const env = Object.entries(environmentFor(copy, node)).filter(
    ([name]) => !/^(NX|TEST)_/.test(name) && name !== "NODE_TEST_CONTEXT",
  );
  return run(node, [join(copy, script), ...args], { cwd: copy, env: Object.fromEntries(env) });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function run(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
