/** Backs up, restores and imports a stopped cluster. */
import { resolve } from "node:path";
import { type Backup, backUp, restore } from "../backup/backup.ts";
import { importData } from "../backup/import.ts";
import { clusterErrors } from "../errors.ts";
import { usualShape } from "../plan/shape.ts";
import { type Counts, shapeWith } from "./shape-words.ts";
import { countsOf, moduleOf, requireServer } from "./up.ts";

interface CopyWords extends Counts {
  readonly directory: string;
  readonly "nats-server": string;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
}

export async function backup(words: CopyWords): Promise<number> {
  const to = named(words.to, "--to");
  const made = await backUp(await madeBy(words), to, endedBySignals());
  process.stdout.write(`${summaryOf(made)} are in ${to}; keep it where you keep secrets, it has the keys\n`);
  return 0;
}

export async function restored(words: CopyWords): Promise<number> {
  const from = named(words.from, "--from");
  const made = await restore(await madeBy(words), from, endedBySignals());
  process.stdout.write(
    `${summaryOf(made)} of ${made.made} are in ${words.directory}; to look at it first: tutti cluster up --paused --directory ${words.directory}\n`,
  );
  return 0;
}

/** Imports a data directory. The data decides the number of partitions. */
export async function imported(words: CopyWords & { readonly plain: boolean }): Promise<number> {
  const from = named(words.from, "--from");
  const { partitions: _, ...counts } = countsOf(words);
  const wanted = shapeWith({ ...usualShape, isProtected: !words.plain }, counts);
  const { directory } = words;
  await importData(await madeBy(words), wanted, from, endedBySignals());
  process.stdout.write(
    `${from} is the cluster in ${directory} now, and no process starts in the folder any more. To inspect it first: tutti cluster up --paused --directory ${directory}\n`,
  );
  return 0;
}

function summaryOf({ streams }: Backup): string {
  const bytes = streams.reduce((sum, { snapshotBytes }) => sum + snapshotBytes, 0);
  return `${streams.length} streams, ${(bytes / 2 ** 20).toFixed(1)} MiB,`;
}

async function madeBy(words: CopyWords) {
  const natsServer = words["nats-server"];
  await requireServer(natsServer);
  return { directory: words.directory, natsServer, moduleOf };
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
