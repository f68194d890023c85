// @ts-check

// Time and randomness come from ports, so that all code can run in simulated time and a failing run is repeatable. Code
// that decides does no I/O.
//
// 1. Clock, timers and randomness: only where the ports are implemented, nowhere else in libs/ and apps/. Unpredictable
//    bytes for keys and certificates are no randomness in this sense, but code that decides may not use them either.
// 2. I/O: nowhere in the packages that only decide.
// 3. Locales: nowhere in libraries and services. Text would depend on the machine, and the first use loads 7 MiB of
//    locales into the process.

import { visitorKeys } from "oxc-parser";
import { sourcesOf } from "./sources.mjs";

// Places with the real clock, timers and randomness: the ports themselves, the shell of each service, its entry, and
// measurements of the process itself.
const realWorld = [
  /^libs\/kernel\/src\/ports\//,
  /^libs\/telemetry\/src\/metrics\/(process-metrics|event-loop-lag)\.ts$/,
  /^apps\/[^/]+\/src\/effects\//,
  /^apps\/[^/]+\/src\/main\.ts$/,
  // A client of programs outside, in browsers too.
  /^libs\/rest\/src\/client\/time\.ts$/,
  // Lets promises continue between two events of a simulation. Their waits are simulated.
  /^libs\/simulation\/src\/world\/turns\.ts$/,
];

const decides = /^libs\/(contracts|kernel|expressions|policy|planner|definitions|machines|matching)\//;

// The kernel's edges: the only code that reads the process and its files.
const edges = [/^libs\/kernel\/src\/ports\//, /^libs\/kernel\/src\/configuration\//];

const clock = "inject a Clock through the constructor";
const timers = "inject Timers through the constructor";
const chance = "inject Chance through the constructor";
const outside = "let the caller do the I/O, and accept values";

/** @type {ReadonlyMap<string, string>} replacements by a global or a member of one */
const worldly = new Map([
  ["Date()", clock],
  ["Date.now", clock],
  ["performance.now", clock],
  ["process.hrtime", clock],
  ["process.uptime", clock],
  ["Math.random", chance],
  ["setTimeout", timers],
  ["setInterval", timers],
  ["setImmediate", timers],
  ["AbortSignal.timeout", timers],
  ["node:timers", timers],
  ["node:timers/promises", timers],
  ["node:perf_hooks", clock],
  ["process.platform", "ask `thisSystem` of @tutti/kernel"],
]);

/** @type {ReadonlyMap<string, string>} refused additionally in packages that only decide */
const impure = new Map([
  ...["randomUUID", "getRandomValues"].map((name) => /** @type {const} */ ([`crypto.${name}`, chance])),
  ...[
    "randomBytes",
    "randomUUID",
    "randomInt",
    "randomFill",
    "randomFillSync",
    "getRandomValues",
    "webcrypto",
  ].map((name) => /** @type {const} */ ([`node:crypto.${name}`, chance])),
  ...["fetch", "WebSocket", "EventSource"].map((name) => /** @type {const} */ ([name, outside])),
  ...[
    "fs",
    "fs/promises",
    "net",
    "http",
    "https",
    "http2",
    "tls",
    "dgram",
    "dns",
    "dns/promises",
    "child_process",
    "cluster",
  ].map((name) => /** @type {const} */ ([`node:${name}`, outside])),
  ...["worker_threads", "readline", "readline/promises", "repl", "os", "sqlite", "inspector"].map(
    (name) => /** @type {const} */ ([`node:${name}`, outside]),
  ),
]);

const showsToPeople = /^apps\/(cli|dashboard|site)\//;
const ofLocales = /^(localeCompare|toLocale\w+)$/;

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkPurity(root) {
  return sourcesOf(root).flatMap(({ path, text, isTest, program, lineOf }) => {
    if (isTest || !/^(libs|apps)\//.test(path)) return [];
    if (/ocale/.test(text) && !showsToPeople.test(path)) {
      const found = localesIn(program).map(
        (start) =>
          `${path}:${lineOf(start)}: depends on the locale. Compare with \`<\`, write numbers with \`grouped\` of @tutti/kernel`,
      );
      if (found.length > 0) return found;
    }
    const mayBeWorldly = realWorld.some((place) => place.test(path));
    const mayBeImpure = !decides.test(path) || edges.some((place) => place.test(path));
    if (mayBeWorldly && mayBeImpure) return [];
    return [...usesOf(program)].flatMap(([name, start]) => {
      const instead =
        (mayBeWorldly ? undefined : worldly.get(name)) ?? (mayBeImpure ? undefined : impure.get(name));
      return instead === undefined
        ? []
        : [`${path}:${lineOf(start)}: ${name} is not deterministic here: ${instead}`];
    });
  });
}

/** @param {import("oxc-parser").Program} program */
function localesIn(program) {
  return [...walk(program)].flatMap(({ node }) =>
    node.type === "MemberExpression" && !node.computed && ofLocales.test(node.property.name)
      ? [node.start]
      : [],
  );
}

/**
 * Yields the modules that a program imports, its imports from `node:crypto`, and the globals and their members that it
 * uses, with the position. `Date()` is a date of the present time.
 *
 * @param {import("oxc-parser").Program} program
 * @returns {Generator<[name: string, start: number]>}
 */
function* usesOf(program) {
  for (const { node, parent, key } of walk(program)) {
    if (node.type === "ImportDeclaration" && node.importKind !== "type") {
      const from = moduleName(node.source.value);
      yield [from, node.start];
      for (const specifier of node.specifiers)
        yield [`${from}.${specifier.imported?.name ?? "*"}`, specifier.start];
    } else if (node.type === "ImportExpression" && node.source.type === "Literal") {
      yield [moduleName(String(node.source.value)), node.start];
    } else if (
      (node.type === "NewExpression" || node.type === "CallExpression") &&
      node.callee.name === "Date" &&
      node.arguments.length === 0
    ) {
      yield ["Date()", node.start];
    } else if (node.type === "MemberExpression" && node.object.type === "Identifier" && !node.computed) {
      yield [
        node.object.name === "globalThis" ? node.property.name : `${node.object.name}.${node.property.name}`,
        node.start,
      ];
    } else if (node.type === "Identifier" && isReference(node, parent, key)) {
      yield [node.name, node.start];
    }
  }
}

/** @param {string} name */
function moduleName(name) {
  return /^(crypto|timers|perf_hooks|fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|os)(\/|$)/.test(
    name,
  )
    ? `node:${name}`
    : name;
}

/**
 * @param {any} node
 * @param {any} parent
 * @param {string} key the parent's property that holds the node
 */
function isReference(node, parent, key) {
  if (parent.type.startsWith("TS") && key !== "expression") return false;
  if (key === "property" || key === "key")
    return parent.computed || (parent.shorthand && node === parent.value);
  return !["id", "params", "local", "imported", "exported", "label"].includes(key);
}

/**
 * @param {any} node
 * @param {any} [parent]
 * @param {string} [key]
 * @returns {Generator<{ node: any, parent: any, key: string }>}
 */
export function* walk(node, parent = node, key = "") {
  yield { node, parent, key };
  for (const childKey of visitorKeys[node.type] ?? []) {
    const child = node[childKey];
    for (const one of Array.isArray(child) ? child : [child]) if (one) yield* walk(one, node, childKey);
  }
}
