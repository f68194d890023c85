/**
 * Makes everything of a data directory accessible only to the user of its process: 0600 for files, 0700 for folders.
 */
import type { Stats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ifPresent, privateModes, reasonOf, thisSystem } from "@tutti/kernel";

const othersMask = 0o077;

export interface AccessChanges {
  /** Number of files and folders whose mode was changed. */
  readonly changed: number;
  /** Why the first failing one could not be changed. Empty if none failed. */
  readonly problem: string;
}

/**
 * Removes access of other users. The whole tree is walked if the folder or anything directly in it is accessible to
 * others, as in an older release. So a start with a large correct tree checks only a few names.
 */
export async function makePrivate(directory: string): Promise<AccessChanges> {
  const found = { changed: 0, problem: "" };
  if (!thisSystem.hasModes) return found;
  const names = await readdir(directory);
  const paths = [directory, ...names.map((name) => join(directory, name))];
  const modes = await Promise.all(paths.map((path) => statOf(path)));
  if (modes.some((stats) => stats !== undefined && isOpen(stats))) await close(directory, found);
  return found;
}

async function close(path: string, found: { changed: number; problem: string }): Promise<void> {
  const stats = await statOf(path);
  // The target of a link does not belong to the directory.
  if (stats === undefined || stats.isSymbolicLink()) return;
  if (stats.isDirectory()) for (const name of await readdir(path)) await close(join(path, name), found);
  if (!isOpen(stats)) return;
  try {
    await chmod(path, stats.isDirectory() ? privateModes.folder : privateModes.file);
    found.changed++;
  } catch (error) {
    found.problem ||= reasonOf(error);
  }
}

function isOpen(stats: Stats): boolean {
  return !stats.isSymbolicLink() && (stats.mode & othersMask) !== 0;
}

/** Undefined if it was removed meanwhile. */
function statOf(path: string): Promise<Stats | undefined> {
  return ifPresent(lstat(path));
}
