// @ts-check

// The direction of imports: the allowed imports between packages, and no cycles.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { ResolverFactory } from "oxc-resolver";
import { homes, libraries } from "./house.mjs";
import { sourcesOf, testPaths } from "./sources.mjs";

/**
 * A rule that imports break. Patterns are regular expressions on paths in the workspace. `$1` in a pattern of `to` is the
 * first group that `from.path` found.
 *
 * @typedef {object} Rule
 * @property {string} comment the meaning of a violation, and the next action
 * @property {Paths} from
 * @property {Paths & { isRelative?: boolean }} to
 */

/** @typedef {{ path?: string, pathNot?: string | string[] }} Paths */

/** @typedef {{ from: string, to: string, isRelative: boolean }} Import */

/** Machines have a folder of packages, one for each kind. All other folders are packages themselves. */
const packageFolder = "libs/machines/[^/]+|(?:libs|apps)/[^/]+|bench";

/** A package only for tests. It may import test support, and the product may not import it. */
const simulation = "^libs/simulation/";

/** Top folders of a package. Each may import the folders before it. Tests may import all of them. */
const shelves = {
  "libs/machines/mission": ["core", "kinds", "life"],
  "libs/machines/run": ["core", "kinds", "life"],
};

/** @returns {Rule[]} */
function rules() {
  return [
    ...libraries.map((library, at) => upwards(library, libraries.slice(at + 1))),
    rule("a library may not import an app", { path: "^libs/" }, { path: "^(apps|bench)/" }),
    rule(
      "an app may not import another. Only platform composes them. Call it through @tutti/mesh",
      { path: "^apps/([^/]+)/", pathNot: "^apps/platform/" },
      { path: "^apps/", pathNot: "^apps/$1/" },
    ),
    rule(
      "the bench measures the product, the product does not use it",
      { pathNot: "^bench/" },
      { path: "^bench/" },
    ),
    rule(
      "the shared parts of runs, missions and sessions import none of them, and no other machine",
      { path: "^libs/machines/work/" },
      { path: "^libs/machines/", pathNot: "^libs/machines/work/" },
    ),
    ...shelfRules(),
    rule(
      "another package is imported by its name, so that only what it exports is used",
      { path: `^(${packageFolder})/` },
      { path: `^(${packageFolder})/`, pathNot: "^$1/", isRelative: true },
    ),
    rule("only tests may use tools/", { path: "^(libs|apps)/", pathNot: testPaths }, { path: "^tools/" }),
    rule(
      "tests, and what they share, may not be used by the product",
      // The testing kit of the SDK is for users: the SDK exports it.
      { path: "^(libs|apps)/", pathNot: `${testPaths}|${simulation}|^libs/sdk/src/index\\.ts$` },
      { path: `${testPaths}|${simulation}|^node:test|(^|node_modules/)fast-check/` },
    ),
    ...homes.map(({ packages, homes: places, instead }) =>
      rule(
        `only ${places.join(", ")} may import it: ${instead}`,
        { path: "^(libs|apps)/", pathNot: [testPaths, ...places.map((place) => `^${place}`)] },
        { path: `node_modules/${packages}` },
      ),
    ),
  ];
}

/** @returns {Rule[]} */
function shelfRules() {
  return Object.entries(shelves).flatMap(([packagePath, names]) =>
    names.slice(0, -1).map((name, at) => shelf(packagePath, name, names.slice(at + 1))),
  );
}

/**
 * @param {string} packagePath
 * @param {string} name
 * @param {string[]} above
 * @returns {Rule}
 */
function shelf(packagePath, name, above) {
  return rule(
    `${name} may not import ${above.join(" or ")}: move what both need down into ${name}, or hand it in`,
    { path: `^${packagePath}/src/${name}/`, pathNot: testPaths },
    { path: `^${packagePath}/src/(${above.join("|")})/` },
  );
}

/**
 * @param {string} library
 * @param {string[]} below
 */
function upwards(library, below) {
  const to = below.length > 0 ? `^libs/(${below.join("|")})/` : "^$";
  return rule(
    `${library} may import only ${libraries.slice(0, libraries.indexOf(library)).join(", ") || "no library"} (the order is in tools/checks/house.mjs)`,
    { path: `^libs/${library}/` },
    { path: to },
  );
}

/**
 * @param {string} comment
 * @param {Rule["from"]} from
 * @param {Rule["to"]} to
 * @returns {Rule}
 */
function rule(comment, from, to) {
  return { comment, from, to };
}

/**
 * Returns the imports of the workspace, and the problems of unresolved ones.
 *
 * @param {string} root
 */
function importsOf(root) {
  const resolver = new ResolverFactory({
    conditionNames: ["import", "node", "default", "types"],
    extensions: [".ts", ".mjs", ".js", ".cjs", ".json", ".d.ts"],
    builtinModules: true,
  });
  /** @type {Import[]} */
  const imports = [];
  /** @type {string[]} */
  const problems = [];
  for (const { path, imports: names } of sourcesOf(root)) {
    for (const name of new Set(names)) {
      const found = resolver.sync(dirname(join(root, path)), name);
      const to = found.builtin?.resolved ?? (found.path && relative(root, found.path).split(sep).join("/"));
      if (to === undefined) problems.push(`${path} → ${name}: ${nowhere}`);
      else if (!madePaths.test(to)) imports.push({ from: path, to, isRelative: name.startsWith(".") });
    }
  }
  return { imports, problems };
}

const madePaths = /(^|\/)(generated|dist)\//;
const nowhere = "this import does not resolve: correct it, or add the package to package.json";
const cyclic = "a cycle of imports: merge the files, or move the shared code into a third file";

/** @param {Paths} paths @param {string} path @param {string} [group] */
function isAmong({ path: expected, pathNot }, path, group = "") {
  /** @param {string} pattern */
  const fits = (pattern) => patternOf(pattern.replaceAll("$1", group)).test(path);
  return (expected === undefined || fits(expected)) && ![pathNot ?? []].flat().some(fits);
}

/** @type {Map<string, RegExp>} */
const patterns = new Map();

/** @param {string} pattern */
function patternOf(pattern) {
  let known = patterns.get(pattern);
  if (known === undefined) {
    known = new RegExp(pattern);
    patterns.set(pattern, known);
  }
  return known;
}

/** @param {readonly Import[]} imports */
function wrongImports(imports) {
  const broken = rules();
  /** @type {Map<string, readonly [Rule, string | undefined][]>} rules by file */
  const about = new Map();
  /** @param {string} from */
  const rulesOf = (from) => {
    let known = about.get(from);
    if (known === undefined) {
      known = broken
        .filter((rule) => isAmong(rule.from, from))
        .map((rule) => [
          rule,
          rule.from.path === undefined ? undefined : patternOf(rule.from.path).exec(from)?.[1],
        ]);
      about.set(from, known);
    }
    return known;
  };
  return imports.flatMap(({ from, to, isRelative }) =>
    rulesOf(from)
      .filter(
        ([rule, group]) => (rule.to.isRelative ?? isRelative) === isRelative && isAmong(rule.to, to, group),
      )
      .map(([{ comment }]) => `${from} → ${to}: ${comment}`),
  );
}

/**
 * Finds cycles by a depth-first search: an import of a file on the current path closes a cycle.
 *
 * @param {readonly Import[]} imports
 */
function cycles(imports) {
  const next = Map.groupBy(imports, ({ from }) => from);
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {Set<string>} in the order of the walk */
  const way = new Set();
  /** @type {string[]} */
  const problems = [];
  /** @param {string} file */
  const walk = (file) => {
    way.add(file);
    for (const { to } of next.get(file) ?? []) {
      if (way.has(to)) problems.push(cycleText([...way], to));
      else if (!done.has(to)) walk(to);
    }
    way.delete(file);
    done.add(file);
  };
  for (const file of next.keys()) if (!done.has(file)) walk(file);
  return problems;
}

/** @param {string[]} way @param {string} again */
function cycleText(way, again) {
  const [first, ...others] = way.slice(way.indexOf(again));
  return `${first} → ${[...others, first].join(" → ")}: ${cyclic}`;
}

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkDependencies(root) {
  const unlisted = readdirSync(join(root, "libs"))
    .filter((name) => existsSync(join(root, "libs", name, "package.json")) && !libraries.includes(name))
    .map((name) => `libs/${name}: not in the order of libraries. Add it to tools/checks/house.mjs`);
  const { imports, problems } = importsOf(root);
  return [...unlisted, ...problems, ...wrongImports(imports), ...cycles(imports)];
}
