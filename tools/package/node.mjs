// @ts-check

// The Node that runs the platform of the installed package: this one if it is new enough, otherwise the Node in the
// package.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const neededMajor = 24;

/** No installed Node can run the platform. */
export class NodeTooOld extends Error {}

/**
 * @typedef {object} Machine
 * @property {string} version of this Node
 * @property {string} execPath
 * @property {string} platform
 * @property {string} arch
 * @property {(carrier: string) => string | undefined} folderOf an installed package
 */

/** @type {Machine} */
const here = {
  version: process.versions.node,
  execPath: process.execPath,
  platform: process.platform,
  arch: process.arch,
  folderOf(carrier) {
    try {
      return dirname(createRequire(import.meta.url).resolve(`${carrier}/package.json`));
    } catch {
      // npm skips optional packages that it cannot install.
      return undefined;
    }
  },
};

/** Returns the path of that Node. Throws if there is none. */
export function platformNode({ version, execPath, platform, arch, folderOf } = here) {
  if (Number(version.split(".")[0]) >= neededMajor) return execPath;
  const [name, file] = platform === "win32" ? ["win", "node.exe"] : [platform, "node"];
  const folder = folderOf(`node-${name}-${arch}`);
  const found = folder === undefined ? undefined : join(folder, "bin", file);
  if (found !== undefined && existsSync(found)) return found;
  throw new NodeTooOld(
    `The platform needs Node ${neededMajor} or newer. This is Node ${version}, and no Node for ${platform}-${arch} is installed with the package. ` +
      `Install Node ${neededMajor} from https://nodejs.org, then repeat the command.`,
  );
}
