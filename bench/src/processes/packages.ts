/** npm packages of peers, which the repository does not depend on: brought when they are first asked for. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { workspace } from "./child.ts";

/**
 * Returns the folder in whose `node_modules` the packages are, each with its version: `bullmq@6.7.0`. The name of the
 * folder has the versions, so another version has another folder.
 */
export async function bringPackages(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(workspace, "node_modules", ".cache", "peers", name);
  const found = packages.map((each) => join(folder, "node_modules", each.slice(0, each.lastIndexOf("@"))));
  if (found.every((path) => existsSync(path))) return folder;
  await mkdir(folder, { recursive: true });
  const words = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, ...packages];
  await promisify(execFile)("npm", words);
  return folder;
}
