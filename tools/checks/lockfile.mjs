// @ts-check

// `npm ci` on another system needs the packages of that system in the lockfile. They are missing if the lockfile was
// not created from scratch, or while a tool's binaries were only partly published. `npm ci` then refuses the lockfile.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const generated =
  "Pin a version whose packages are all published, then make the lockfile from nothing: rm -r node_modules package-lock.json && npm install";

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkLockfile(root) {
  const { packages, lockfileVersion } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const problems =
    lockfileVersion === 3
      ? []
      : [`package-lock.json: version ${lockfileVersion}, expected 3. Use npm 9 or newer`];
  for (const [path, entry] of Object.entries(packages)) {
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const found = findFrom(packages, path, name);
      if (found === undefined)
        problems.push(
          `package-lock.json: ${path || "the workspace"} needs ${name}, which is missing. ${generated}`,
        );
      else if (!found.link && found.integrity === undefined)
        problems.push(`package-lock.json: ${name} has no integrity hash. ${generated}`);
    }
    if (entry.resolved !== undefined && !entry.link)
      problems.push(
        `package-lock.json: ${path} names a registry. Run npm install with this workspace's .npmrc`,
      );
  }
  return [...problems, ...workspaceProblems(root, packages)];
}

/**
 * Resolves a package as Node does: in the package's own node_modules, then in each one above it.
 *
 * @param {Record<string, any>} packages
 * @param {string} from
 * @param {string} name
 */
function findFrom(packages, from, name) {
  for (let place = from; ; place = place.slice(0, Math.max(place.lastIndexOf("/"), 0))) {
    const found = packages[`${place}${place === "" ? "" : "/"}node_modules/${name}`];
    if (found !== undefined || place === "") return found;
  }
}

/**
 * `npm ci` refuses a lockfile that does not know a package of the workspace, or knows it with other dependencies.
 *
 * @param {string} root
 * @param {Record<string, any>} packages
 */
function workspaceProblems(root, packages) {
  const { workspaces = [] } = packages[""] ?? {};
  const files = globSync(
    workspaces.map((/** @type {string} */ pattern) => `${pattern}/package.json`),
    { cwd: root },
  );
  return files.flatMap((file) => {
    const folder = file.slice(0, -"/package.json".length).replaceAll("\\", "/");
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, file), "utf8"));
    const locked = packages[folder];
    const same = (/** @type {object} */ a = {}, /** @type {object} */ b = {}) =>
      JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
    if (locked === undefined) return [`package-lock.json: ${folder} is missing. Run npm install`];
    if (same(dependencies, locked.dependencies) && same(devDependencies, locked.devDependencies)) return [];
    return [`package-lock.json: the dependencies of ${folder} differ from its package.json. Run npm install`];
  });
}
