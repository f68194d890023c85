// @ts-check

// No loop spins through the event loop until a condition holds. It uses a core that other tests need, hides the
// condition, and hangs silently. A counted loop of turns is allowed, because it ends.

import { Visitor, visitorKeys } from "oxc-parser";
import { walk } from "./purity.mjs";
import { sourcesOf } from "./sources.mjs";

const loops = new Set(["WhileStatement", "DoWhileStatement", "ForStatement"]);
const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkWaits(root) {
  return sourcesOf(root).flatMap(({ path, text, program, lineOf }) => {
    if (!text.includes("setImmediate")) return [];
    const turns = turnsOf(program, text);
    /** @type {number[]} */
    const found = [];
    /** @param {any} loop */
    const inspect = (loop) => {
      if (!isCounted(loop) && awaits(loop, text, turns)) found.push(lineOf(loop.start));
    };
    new Visitor({ WhileStatement: inspect, DoWhileStatement: inspect, ForStatement: inspect }).visit(program);
    return found.map((line) => `${path}:${line}: busy waiting. Wait with a latch or \`until\``);
  });
}

/**
 * Matches `setImmediate` and the file's names for it: import aliases, and small functions that wrap it.
 *
 * @param {any} program
 * @param {string} text
 */
function turnsOf(program, text) {
  const names = new Set(["setImmediate"]);
  for (const { node } of walk(program)) {
    if (node.type === "ImportSpecifier" && node.imported.name === "setImmediate") names.add(node.local.name);
    const wraps =
      (node.type === "VariableDeclarator" && node.init?.type === "ArrowFunctionExpression") ||
      node.type === "FunctionDeclaration";
    const body = text.slice(node.start, node.end);
    if (wraps && node.id?.name && body.length < 200 && body.includes("setImmediate")) names.add(node.id.name);
  }
  return new RegExp(`\\b(${[...names].join("|")})\\b`);
}

/**
 * Returns whether a loop is counted, as `for (let turn = 0; turn < 20; turn++)`.
 *
 * @param {any} loop
 */
function isCounted({ type, init, test, update }) {
  if (type !== "ForStatement" || !update || test?.type !== "BinaryExpression") return false;
  return init?.declarations?.some((/** @type {any} */ { id }) => id.name === test.left.name) ?? false;
}

/**
 * Returns whether the loop itself awaits a turn. Loops and functions within it are inspected separately.
 *
 * @param {any} node
 * @param {string} text
 * @param {RegExp} turns
 * @returns {boolean}
 */
function awaits(node, text, turns) {
  for (const child of (visitorKeys[node.type] ?? []).flatMap((key) => node[key] ?? []).filter(Boolean)) {
    if (loops.has(child.type) || functions.has(child.type)) continue;
    if (child.type === "AwaitExpression" && turns.test(text.slice(child.start, child.end))) return true;
    if (awaits(child, text, turns)) return true;
  }
  return false;
}
