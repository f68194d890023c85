// @ts-check

// Runs a tool of the workspace and returns its output.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { environmentFor, nodeFor } from "../setup.mjs";

/**
 * @param {string} root
 * @param {string} script a JavaScript file in the workspace
 * @param {string[]} args
 * @param {import("node:child_process").StdioOptions} stdio
 */
function start(root, script, args, stdio) {
  const node = nodeFor(root);
  // npm's own banner and warnings would be most of the output of a package's tests. Nx forces colours on its programs
  // unless the environment sets them.
  const env = { ...environmentFor(root, node), FORCE_COLOR: "0", npm_config_loglevel: "silent" };
  return spawn(node, [join(root, script), ...args], { cwd: root, env, stdio });
}

/**
 * @param {string} root
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(root, script, args) {
  const child = start(root, script, args, ["ignore", "pipe", "pipe"]);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Returns a check that runs a tool. If the tool fails, its output is the problems.
 *
 * @param {string} script
 * @param {...string} args
 * @returns {(root: string) => Promise<string[]>}
 */
export function tool(script, ...args) {
  return async (root) => {
    const { code, output } = await run(root, script, args);
    if (code === 0) return [];
    return [output.trim() || `${script} ended with exit code ${code} and printed nothing`];
  };
}

/**
 * Returns a check that runs two checks in sequence.
 *
 * @param {(root: string) => Promise<string[]>} one
 * @param {(root: string) => Promise<string[]>} other
 * @returns {(root: string) => Promise<string[]>}
 */
export function both(one, other) {
  return async (root) => [...(await one(root)), ...(await other(root))];
}
