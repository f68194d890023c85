/**
 * The mark of a directory while a restore or an import writes a cluster into it. Until that is finished, the cluster
 * cannot run. The files of an unfinished attempt were never used, and are written again.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { handedOverTo } from "@tutti/host/import";
import { clusterErrors } from "../errors.ts";
import { endLeftovers } from "../running/cluster.ts";
import { isAlive, readState } from "../running/state-file.ts";

interface Unfinished {
  readonly command: "import" | "restore";
  readonly from: string;
}

const fileIn = (directory: string): string => join(directory, "unfinished.json");

/** Marks a directory that is empty, or has the files of another attempt. */
export async function markUnfinished(directory: string, unfinished: Unfinished): Promise<void> {
  const before = await unfinishedIn(directory);
  if (before !== undefined) {
    if (hasReceivedAll(directory, before)) throw clusterErrors.unfinished({ directory, ...before });
    await remove(directory);
  }
  const there = existsSync(directory) ? await readdir(directory) : [];
  if (there.length > 0) throw clusterErrors.notEmpty({ directory });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(fileIn(directory), `${JSON.stringify(unfinished)}\n`, { flush: true });
}

/**
 * Returns whether the directory has received a whole data directory, and lacks only the record of the import. The data
 * may not be removed, because it exists nowhere else.
 */
function hasReceivedAll(directory: string, { command, from }: Unfinished): boolean {
  return command === "import" && handedOverTo(from)?.to === directory;
}

/** Removes the files of an attempt, and ends the servers that a killed attempt has left running. */
async function remove(directory: string): Promise<void> {
  const state = await readState(directory);
  if (state !== undefined && isAlive(state.pid)) throw clusterErrors.alreadyUp({ directory, pid: state.pid });
  if (state !== undefined) await endLeftovers(state, directory);
  await rm(directory, { recursive: true });
}

export async function finish(directory: string): Promise<void> {
  await rm(fileIn(directory));
}

export async function requireFinished(directory: string): Promise<void> {
  const unfinished = await unfinishedIn(directory);
  if (unfinished !== undefined) throw clusterErrors.unfinished({ directory, ...unfinished });
}

export async function unfinishedIn(directory: string): Promise<Unfinished | undefined> {
  const file = fileIn(directory);
  return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Unfinished) : undefined;
}
