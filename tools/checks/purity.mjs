// @ts-check

// Time and chance come from ports, so that everything can run under simulated time and a failing run can be repeated.
// Code that decides does no I/O at all.
//
// 1. Clock, timers and chance: nowhere in libs/ and apps/, except where the ports are made real. Unpredictable bytes for
//    keys and certificates are not chance in this sense, but what decides has none of either.
// 2. I/O: nowhere in the packages that only decide.
// 3. Locales: nowhere in libraries and services. A text would depend on the machine, and the first use reads 7 MiB of
//    locales into the process.

import { visitorKeys } from "oxc-parser";
import { sourcesOf } from "./sources.mjs";

// Where the real clock, timers and chance are: the ports themselves, the shell of each service, its entry, and what
// measures this very process.
const realWorld = [
  /^libs\/kernel\/src\/ports\//,
  /^libs\/telemetry\/src\/metrics\/(process-metrics|event-loop-lag)\.ts$/,
  /^apps\/[^/]+\/src\/effects\//,
  /^apps\/[^/]+\/src\/main\.ts$/,
  // A client of programs outside, in browsers too.
  /^libs\/rest\/src\/client\/time\.ts$/,
  // Lets promises continue between two events of a simulation. What they wait for is simulated.
  /^libs\/simulation\/src\/world\/turns\.ts$/,
];

const decides = /^libs\/(contracts|kernel|expressions|policy|planner|definitions|machines|matching)\//;

// The kernel's edges: what reads the process and its files, so that nothing else has to.
const edges = [/^libs\/kernel\/src\/ports\//, /^libs\/kernel\/src\/configuration\//];

const clock = "take a Clock through the constructor";
const timers = "take Timers through the constructor";
const chance = "take Chance through the constructor";
const outside = "let the caller read and write, and take values";

/** @type {ReadonlyMap<string, string>} a global, or a member of one, and what to do instead */
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

/** @type {ReadonlyMap<string, string>} refused besides in packages that only decide */
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
          `${path}:${lineOf(start)}: a function of locales. Compare with \`<\`, write numbers with \`grouped\` of @tutti/kernel`,
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
        : [`${path}:${lineOf(start)}: ${name} is not repeatable here: ${instead}`];
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
 * Every module that a program imports, every name it imports from `node:crypto`, and every global or member of one that
 * it mentions, with the place. `Date()` stands for a date that is made of the present time.
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
