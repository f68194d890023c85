/** Everything of a data directory is for the user of its process alone: 0600 for files, 0700 for folders. */
import type { Stats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ifThere, privateModes, reasonOf, thisSystem } from "@tutti/kernel";

const othersMask = 0o077;

export interface MadePrivate {
  /** Files and folders whose mode was another. */
  readonly changed: number;
  /** Why the first of some could not be changed. Empty where none. */
  readonly problem: string;
}

/**
 * Changes modes that let others in. A tree is walked to its leaves if the folder or anything directly in it lets others
 * in, as the tree of an older release does. So a start with a large one that is as it should be looks at a few names.
 */
export async function makePrivate(directory: string): Promise<MadePrivate> {
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
  // What a link names is not of the directory.
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

/** Undefined where it went away meanwhile. */
function statOf(path: string): Promise<Stats | undefined> {
  return ifThere(lstat(path));
}
