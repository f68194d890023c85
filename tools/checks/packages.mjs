// @ts-check

// The list of all packages, from the `description` of each package.json. Libraries are in their order, in which a
// package imports only packages above it. Services and the rest follow by name.

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { libraries } from "./house.mjs";

const descriptionMax = 140;

/**
 * @typedef {object} Package
 * @property {string} folder
 * @property {string | undefined} description
 */

/** @param {string} root */
export function packageList(root) {
  const packages = packagesOf(root);
  const isService = (/** @type {string} */ folder) => folder.startsWith("apps/");
  const isLibrary = (/** @type {string} */ folder) => folder.startsWith("libs/");
  const groups = [
    { title: "Libraries", rows: packages.filter(({ folder }) => isLibrary(folder)).sort(byOrder) },
    { title: "Services and programs", rows: packages.filter(({ folder }) => isService(folder)).sort(byName) },
    {
      title: "Everything else",
      rows: packages.filter(({ folder }) => !isLibrary(folder) && !isService(folder)).sort(byName),
    },
  ];
  return groups
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) =>
      [`**${title}**`, "", "| package | purpose |", "|---|---|", ...rows.map(rowOf)].join("\n"),
    )
    .join("\n\n");
}

/**
 * @param {string} root
 * @returns {string[]}
 */
export function packagesWithoutDescription(root) {
  return packagesOf(root).flatMap(({ folder, description = "" }) => {
    if (/^[A-Z`].*[^.]$/.test(description) && description.length <= descriptionMax) return [];
    return [
      `${folder}/package.json: \`description\`: expected one sentence without its full stop, at most ${descriptionMax} characters`,
    ];
  });
}

/** @param {Package} listed */
function rowOf({ folder, description = "" }) {
  return `| \`${folder}\` | ${description} |`;
}

/**
 * Returns every package of the workspace.
 *
 * @param {string} root
 * @returns {Package[]}
 */
function packagesOf(root) {
  const manifest = join(root, "package.json");
  if (!existsSync(manifest)) return [];
  /** @type {{ workspaces?: string[] }} */
  const { workspaces = [] } = JSON.parse(readFileSync(manifest, "utf8"));
  return globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  ).map((path) => {
    /** @type {{ description?: string }} */
    const { description } = JSON.parse(readFileSync(join(root, path), "utf8"));
    return { folder: dirname(path).replaceAll("\\", "/"), description };
  });
}

/** @param {Package} a @param {Package} b */
function byOrder(a, b) {
  const place = (/** @type {Package} */ { folder }) => libraries.indexOf(folder.split("/")[1] ?? "");
  return place(a) - place(b) || byName(a, b);
}

/** @param {Package} a @param {Package} b */
function byName(a, b) {
  return a.folder < b.folder ? -1 : 1;
}
