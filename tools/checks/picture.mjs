// @ts-check

// The diagram of the packages in docs/architecture.md, drawn from their imports.

import { libraries } from "./house.mjs";
import { sourcesOf } from "./sources.mjs";

/** @param {string} root */
export function picture(root) {
  const edges = edgesOf(root);
  const shown = [...edges].flatMap(([from, to]) => direct(from, to, edges).map((one) => [from, one]));
  const names = [...edges.keys()].sort(byPlace);
  const room = (/** @type {string} */ title, /** @type {string} */ prefix) => [
    `    subgraph ${title}`,
    ...names
      .filter((name) => name.startsWith(prefix))
      .map((name) => `        ${idOf(name)}["${name.slice(prefix.length)}"]`),
    "    end",
  ];
  const lines = [
    "flowchart TD",
    ...room("apps", "apps/"),
    ...room("libs", "libs/"),
    ...shown.map(([from, to]) => `    ${idOf(from ?? "")} --> ${idOf(to ?? "")}`).sort(),
  ];
  return [
    "An arrow leads from a package to a package that it imports. Arrows that follow from others are left out.",
    "",
    "```mermaid",
    ...lines,
    "```",
  ].join("\n");
}

/**
 * Returns the imported packages of each package, without tests.
 *
 * @param {string} root
 * @returns {Map<string, Set<string>>}
 */
function edgesOf(root) {
  const sources = sourcesOf(root).flatMap(({ path, isTest, imports }) => {
    const from = packageOf(path);
    return from === undefined || isTest ? [] : [{ from, imports }];
  });
  /** @type {Map<string, Set<string>>} */
  const edges = new Map(sources.map(({ from }) => [from, new Set()]));
  for (const { from, imports } of sources)
    for (const name of imports) {
      const to = placesOf(name).find((place) => edges.has(place));
      if (to !== undefined && to !== from) edges.get(from)?.add(to);
    }
  return edges;
}

/** @param {string} path */
function packageOf(path) {
  return /^(?:libs|apps)\/[^/]+(?=\/)/.exec(path)?.[0];
}

/**
 * Returns the possible folders of an imported name such as `@tutti/kernel/testing`. Machines share a folder, and are
 * one package in the diagram.
 *
 * @param {string} name
 */
function placesOf(name) {
  const own = /^@tutti\/([a-z0-9-]+)/.exec(name)?.[1] ?? "";
  return own.startsWith("machine-") ? ["libs/machines"] : [`libs/${own}`, `apps/${own}`];
}

/**
 * Leaves out the packages that are reached through another one.
 *
 * @param {string} from
 * @param {Set<string>} to
 * @param {Map<string, Set<string>>} edges
 */
function direct(from, to, edges) {
  return [...to].filter(
    (one) => ![...to].some((other) => other !== one && other !== from && reaches(other, one, edges)),
  );
}

/**
 * @param {string} from
 * @param {string} to
 * @param {Map<string, Set<string>>} edges
 * @returns {boolean}
 */
function reaches(from, to, edges, seen = new Set([from])) {
  return [...(edges.get(from) ?? [])].some((next) => {
    if (next === to) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(next, to, edges, seen);
  });
}

/** @param {string} name */
function idOf(name) {
  return name.replace("/", "_");
}

/**
 * Sorts apps by name, libraries by their order.
 *
 * @param {string} a
 * @param {string} b
 */
function byPlace(a, b) {
  const place = (/** @type {string} */ name) => libraries.indexOf(name.replace("libs/", ""));
  return place(b) - place(a) || (a < b ? -1 : 1);
}
