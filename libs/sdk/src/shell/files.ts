/** Files of a command: the input files of its task, and the files that it leaves for other tasks. */
import { lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import type { TaskContext } from "../task/context.ts";
import { StoredFile } from "../task/stored-file.ts";
import { shellErrors } from "./errors.ts";
import { matchesPath } from "./path-pattern.ts";

const artifactsMax = 1_000;

/** Writes a text, a file of another task, or anything else as JSON. */
export async function placeFile(task: TaskContext, content: unknown, file: string): Promise<void> {
  const known = await task.content(content);
  if (known instanceof StoredFile) await known.save(file);
  else await writeFile(file, typeof known === "string" ? known : JSON.stringify(known));
}

/** Writes files by their path below a folder. */
export async function placeFiles(
  task: TaskContext,
  files: Readonly<Record<string, unknown>>,
  folder: string,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await placeFile(task, content, file);
  }
}

/** Stores all files below a folder, by their path from it. */
export async function storeFolder(
  task: TaskContext,
  folder: string,
): Promise<Readonly<Record<string, StoredFile>>> {
  return storeAll(task, folder, await filesBelow(folder));
}

/** Stores the files that match the patterns. A pattern without a match is an error, as for a build without a result. */
export async function storeArtifacts(
  task: TaskContext,
  folder: string,
  patterns: readonly string[],
): Promise<Readonly<Record<string, StoredFile>>> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const matching = await matchesOf(folder, pattern);
    if (matching.length === 0) throw shellErrors.artifactMissing({ pattern });
    for (const path of matching) found.add(path);
  }
  if (found.size > artifactsMax)
    throw shellErrors.artifactsTooMany({ count: found.size, most: artifactsMax });
  return storeAll(task, folder, [...found]);
}

/** Returns whether a path is relative and stays below its folder. */
export function isBelow(path: unknown): path is string {
  return (
    typeof path === "string" &&
    path !== "" &&
    !/[\0\\]/.test(path) &&
    !isAbsolute(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

async function matchesOf(folder: string, pattern: string): Promise<readonly string[]> {
  const parts = pattern.split("/");
  const firstWild = parts.findIndex((part) => /[*?]/.test(part));
  if (firstWild < 0) {
    const entry = await lstat(join(folder, pattern)).catch(() => undefined);
    return entry?.isFile() ? [pattern] : [];
  }
  // Folders outside the named one, such as `node_modules`, are not searched.
  const below = parts.slice(0, firstWild).join("/");
  const files = await filesBelow(join(folder, below));
  return files
    .map((path) => (below === "" ? path : `${below}/${path}`))
    .filter((path) => matchesPath(pattern, path));
}

/** Lists files below a folder. Links are left out because they may lead to files of the machine. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

async function storeAll(
  task: TaskContext,
  folder: string,
  paths: readonly string[],
): Promise<Readonly<Record<string, StoredFile>>> {
  const stored: Record<string, StoredFile> = {};
  for (const path of [...paths].sort()) stored[path] = await task.store(join(folder, path));
  return stored;
}
