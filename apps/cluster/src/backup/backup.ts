/**
 * Backs up a stopped cluster to a folder, and restores a cluster from one: its streams, the table of owners, the keys
 * of the installation.
 *
 * 1. Services are down, so journals, archives and the table are consistent in any order of copying.
 * 2. The description of a backup is written last. A folder without it is no backup.
 * 3. A restore never overwrites existing data.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@tutti/kernel";
import { clusterErrors } from "../errors.ts";
import { auditLogIn, keysIn } from "../plan/plan.ts";
import type { Shape } from "../plan/shape.ts";
import { isAlive, readState } from "../running/state-file.ts";
import { copyIfPresent } from "./copying.ts";
import { copyIn, copyOut, type StreamCopy, streamNames } from "./stream-copies.ts";
import { finish, markUnfinished, requireFinished } from "./unfinished.ts";
import { type StoredClusterOptions, withNats } from "./with-nats.ts";

/** Description of a backup, in its folder. */
export interface Backup {
  readonly format: 1;
  readonly made: string;
  readonly shape: Shape;
  readonly streams: readonly StreamCopy[];
}

const aboutFile = "backup.json";
/** Files of a cluster in addition to its streams: the keys, and the audit log of an imported platform. */
const otherFiles = { keys: keysIn, "book.sqlite": auditLogIn } as const;
/**
 * Buckets with the owners of partitions, and with the key that encrypts tokens of attempts. The bucket of the registry
 * is left out: its entries are of ended processes, and new processes register again.
 */
const includedBuckets: ReadonlySet<string> = new Set(["KV_tutti-ownership", "KV_tutti_installation_keys"]);
const isIncluded = (name: string): boolean => name.startsWith("TUTTI_") || includedBuckets.has(name);

export async function backUp(
  options: StoredClusterOptions,
  target: string,
  signal: AbortSignal,
): Promise<Backup> {
  const { directory } = options;
  const state = await readState(directory);
  if (state === undefined) throw clusterErrors.neverUp({ directory });
  if (isAlive(state.pid)) throw clusterErrors.isUp({ directory, pid: state.pid });
  await requireFinished(directory);
  await requireEmpty(target);
  await mkdir(target, { recursive: true, mode: 0o700 });
  const streams = await withNats({ ...options, shape: state.shape }, signal, async (connection) => {
    const names = (await streamNames(connection)).filter(isIncluded);
    const copies: StreamCopy[] = [];
    for (const name of names) copies.push(await copyOut(connection, name, join(target, `${name}.snapshot`)));
    return copies;
  });
  for (const [name, placeIn] of Object.entries(otherFiles))
    await copyIfPresent(placeIn(directory), join(target, name));
  const backup: Backup = {
    format: 1,
    made: new Date(systemClock.now()).toISOString(),
    shape: state.shape,
    streams,
  };
  await writeFile(join(target, aboutFile), `${JSON.stringify(backup, undefined, 2)}\n`, {
    flush: true,
    mode: 0o600,
  });
  return backup;
}

/** Restores the cluster of a backup in a directory without a cluster. Does not start the cluster. */
export async function restore(
  options: StoredClusterOptions,
  source: string,
  signal: AbortSignal,
): Promise<Backup> {
  const { directory } = options;
  const backup = await readBackup(source);
  await markUnfinished(directory, { command: "restore", from: source });
  for (const [name, placeIn] of Object.entries(otherFiles))
    await copyIfPresent(join(source, name), placeIn(directory));
  await withNats({ ...options, shape: backup.shape }, signal, async (connection) => {
    for (const copy of backup.streams)
      await copyIn(connection, copy, join(source, `${copy.config.name}.snapshot`));
  });
  await finish(directory);
  return backup;
}

async function readBackup(source: string): Promise<Backup> {
  let backup: Backup;
  try {
    backup = JSON.parse(await readFile(join(source, aboutFile), "utf8")) as Backup;
  } catch {
    throw clusterErrors.noBackup({ directory: source });
  }
  if (backup.format !== 1) throw clusterErrors.backupNewer({ directory: source, format: backup.format });
  return backup;
}

async function requireEmpty(directory: string): Promise<void> {
  const there = existsSync(directory) ? await readdir(directory) : [];
  if (there.length > 0) throw clusterErrors.notEmpty({ directory });
}
