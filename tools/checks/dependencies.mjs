// @ts-check

// The direction of imports, by dependency-cruiser: which package may use which, and no cycles.

import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { homes, libraries } from "./house.mjs";
import { testPaths } from "./sources.mjs";

const require = createRequire(import.meta.url);

/** @typedef {{ name: string, comment: string, severity: "error", from: object, to: object }} Rule */

/** Machines have a folder of packages, one per kind of thing. Everything else is a package by itself. */
const packageFolder = "libs/machines/[^/]+|(?:libs|apps)/[^/]+|bench";

/** A test of its own, and nothing else: it may use what tests share, and the product may not use it. */
const simulation = "^libs/simulation/";

/** Top folders of a package, each above those before it. Its tests may use all of them. */
const shelves = {
  "libs/machines/mission": ["core", "kinds", "life"],
  "libs/machines/run": ["core", "kinds", "life"],
};

/** @returns {Rule[]} */
function rules() {
  return [
    ...libraries.map((library, at) => upwards(library, libraries.slice(at + 1))),
    rule(
      "libs-know-no-apps",
      "a library may not import an app",
      { path: "^libs/" },
      { path: "^(apps|bench)/" },
    ),
    rule(
      "apps-know-no-apps",
      "an app may not import another. Only platform composes them. Call it through @tutti/mesh",
      { path: "^apps/([^/]+)/", pathNot: "^apps/platform/" },
      { path: "^apps/", pathNot: "^apps/$1/" },
    ),
    rule(
      "nobody-knows-the-bench",
      "the bench measures the product, the product does not use it",
      { pathNot: "^bench/" },
      { path: "^bench/" },
    ),
    rule(
      "work-knows-no-kind",
      "the shared parts of runs, missions and sessions import none of them, and no other machine",
      { path: "^libs/machines/work/" },
      { path: "^libs/machines/", pathNot: "^libs/machines/work/" },
    ),
    ...shelfRules(),
    rule(
      "packages-by-name",
      "another package is imported by its name, so that only what it exports is used",
      { path: `^(${packageFolder})/` },
      { path: `^(${packageFolder})/`, pathNot: "^$1/", dependencyTypes: ["local"] },
    ),
    rule(
      "tools-only-in-tests",
      "only tests may use tools/",
      { path: "^(libs|apps)/", pathNot: testPaths },
      { path: "^tools/" },
    ),
    rule(
      "no-tests-in-the-product",
      "tests, and what they share, may not be used by the product",
      // The testing kit of the SDK is for users: the SDK exports it.
      { path: "^(libs|apps)/", pathNot: `${testPaths}|${simulation}|^libs/sdk/src/index\\.ts$` },
      { path: `${testPaths}|${simulation}|^node:test|(^|node_modules/)fast-check/` },
    ),
    rule(
      "no-cycles",
      "files that need each other are one file or three: give what both need a file of its own",
      {},
      { circular: true },
    ),
    rule(
      "resolvable",
      "this import leads nowhere: correct it, or add the package to package.json",
      {},
      { couldNotResolve: true },
    ),
    ...homes.map(({ packages, homes: places, instead }) =>
      rule(
        `home-of-${packages.replace(/[^a-z-]/g, "")}`,
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
    `${packagePath}-${name}`,
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
    `${library}-looks-up`,
    `${library} may import only ${libraries.slice(0, libraries.indexOf(library)).join(", ") || "no library"} (the order is in tools/checks/house.mjs)`,
    { path: `^libs/${library}/` },
    { path: to },
  );
}

/**
 * @param {string} name
 * @param {string} comment what a violation means, and what to do
 * @param {object} from
 * @param {object} to
 * @returns {Rule}
 */
function rule(name, comment, from, to) {
  return { name, comment, severity: "error", from, to };
}

/**
 * Every import of the workspace, and the rules that it breaks.
 *
 * @param {string} root
 * @returns {Promise<import("dependency-cruiser").ICruiseResult>}
 */
async function cruiseWorkspace(root) {
  const { cruise } = await dependencyCruiser();
  const rooms = ["libs", "apps", "bench", "tools"].filter((room) => existsSync(join(root, room)));
  const { output } = await cruise(
    rooms,
    {
      baseDir: root,
      ruleSet: { forbidden: rules() },
      validate: true,
      doNotFollow: { path: "node_modules" },
      exclude: { path: "(^|/)(generated|dist|node_modules/[.]cache)/" },
      tsPreCompilationDeps: true,
      parser: "swc",
    },
    {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".js", ".cjs", ".json", ".d.ts"],
    },
  );
  if (typeof output === "string") throw new Error(`dependency-cruiser: ${output}`);
  return output;
}

/**
 * dependency-cruiser walks the tree with swc's visitor, which does not know `using` and throws.
 *
 * @returns {Promise<typeof import("dependency-cruiser")>}
 */
async function dependencyCruiser() {
  const { Visitor } = require("@swc/core/Visitor.js");
  const known = Visitor.prototype.visitStatement;
  /** @param {any} statement */
  Visitor.prototype.visitStatement = function (statement) {
    if (statement.type !== "UsingDeclaration") return known.call(this, statement);
    statement.decls = this.visitVariableDeclarators(statement.decls);
    return statement;
  };
  return await import("dependency-cruiser");
}

/**
 * @param {string} root
 * @returns {Promise<string[]>}
 */
export async function checkDependencies(root) {
  const unlisted = readdirSync(join(root, "libs"))
    .filter((name) => existsSync(join(root, "libs", name, "package.json")) && !libraries.includes(name))
    .map((name) => `libs/${name}: not in the order of libraries. Add it to tools/checks/house.mjs`);
  const { modules, summary } = await cruiseWorkspace(root);
  const meaning = new Map(rules().map(({ name, comment }) => [name, comment]));
  if (modules.length === 0) return ["dependency-cruiser found no modules"];
  return [
    ...unlisted,
    ...summary.violations.map(({ from, to, rule: { name }, cycle }) => {
      const path = cycle === undefined ? to : cycle.map((step) => step.name).join(" → ");
      return `${from} → ${path}: ${meaning.get(name)}`;
    }),
  ];
}
