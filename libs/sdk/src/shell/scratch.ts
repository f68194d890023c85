import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { stableHash } from "@tutti/kernel";

// Containers may share the folder, and each has its own process ids.
const prefix = `tutti-shell-${stableHash(hostname()).toString(16)}-`;

/**
 * Temporary folders of commands with files. The name contains the id of the process. Folders of killed workers are
 * removed before the first folder is created.
 */
export class ScratchFolders {
  #orphans: Promise<void> | undefined;

  async open(): Promise<string> {
    this.#orphans ??= removeOrphans();
    await this.#orphans;
    return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  }
}

async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    // Files of another user stay.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}

/** Returns whether a process runs. A killed process may stay as a zombie, in a container perhaps forever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isEntryOnly(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isEntryOnly(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program is in parentheses, and may contain some.
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
