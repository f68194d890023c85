/** Backs up, restores and imports a stopped cluster. */

import { resolve } from "node:path";
import { asTyped } from "@tutti/kernel";
import { type Backup, backUp, restore } from "../backup/backup.ts";
import { importData } from "../backup/import.ts";
import { clusterErrors } from "../errors.ts";
import { usualShape } from "../plan/shape.ts";
import { type Counts, shapeWith } from "./shape-options.ts";
import { countsOf, moduleOf, requireServer } from "./up.ts";

interface CopyOptions extends Counts {
  readonly directory: string;
  readonly "nats-server": string;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
}

function print(line: string): void {
  process.stdout.write(`${asTyped(line, process.env)}\n`);
}

export async function backup(options: CopyOptions): Promise<number> {
  const to = named(options.to, "--to");
  const result = await backUp(await clusterOptionsOf(options), to, endedBySignals());
  print(`${summaryOf(result)} are in ${to}. It contains the keys: store it like a secret.`);
  return 0;
}

export async function restored(options: CopyOptions): Promise<number> {
  const from = named(options.from, "--from");
  const result = await restore(await clusterOptionsOf(options), from, endedBySignals());
  print(
    `${summaryOf(result)} of ${result.made} are in ${options.directory}. To inspect it first: tutti cluster up --paused --directory ${options.directory}`,
  );
  return 0;
}

/** Imports a data directory. The data decides the number of partitions. */
export async function imported(options: CopyOptions & { readonly plain: boolean }): Promise<number> {
  const from = named(options.from, "--from");
  const { partitions: _, ...counts } = countsOf(options);
  const shape = shapeWith({ ...usualShape, isProtected: !options.plain }, counts);
  const { directory } = options;
  await importData(await clusterOptionsOf(options), shape, from, endedBySignals());
  print(
    `${from} is the cluster in ${directory} now, and no process starts in the folder any more. To inspect it first: tutti cluster up --paused --directory ${directory}`,
  );
  return 0;
}

function summaryOf({ streams }: Backup): string {
  const bytes = streams.reduce((sum, { snapshotBytes }) => sum + snapshotBytes, 0);
  return `${streams.length} streams, ${(bytes / 2 ** 20).toFixed(1)} MiB,`;
}

async function clusterOptionsOf(options: CopyOptions) {
  const natsServer = options["nats-server"];
  await requireServer(natsServer);
  return { directory: options.directory, natsServer, moduleOf };
}

function named(folder: string | undefined, option: string): string {
  if (folder === undefined || folder === "")
    throw clusterErrors.shapeWrong({ expected: `a folder, ${option} FOLDER`, found: "none" });
  return resolve(folder);
}

function endedBySignals(): AbortSignal {
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
  return ended.signal;
}
