/** npm packages of peers, which are no dependencies of the repository. They are installed on first use. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { workspace } from "./child.ts";

/**
 * Returns the folder with the packages in its `node_modules`. Each package has a version: `bullmq@6.7.0`. The name of
 * the folder includes the versions, so another version has another folder.
 */
export async function installPackages(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(workspace, "node_modules", ".cache", "peers", name);
  const found = packages.map((each) => join(folder, "node_modules", each.slice(0, each.lastIndexOf("@"))));
  if (found.every((path) => existsSync(path))) return folder;
  await mkdir(folder, { recursive: true });
  const args = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, ...packages];
  await promisify(execFile)("npm", args);
  return folder;
}
