/**
 * Imports the archive of a service from a single process into NATS. Each partition gets a base as the first entry of
 * its log.
 *
 * 1. The opener of a partition fetches the base and continues from there: the whole log lies behind the base.
 * 2. There is no other writer.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { privateModes } from "@tutti/kernel";
import { fileOf } from "../archive/sqlite/file.ts";
import { splitArchive } from "../archive/sqlite/splitting.ts";
import { jetstreamErrors } from "../jetstream/errors.ts";
import { encodeBase, uploadBase } from "./cache/base.ts";
import { removeCache } from "./cache/partition-cache.ts";
import { entryKinds } from "./log/entry.ts";
import { emptyHead, PartitionLog } from "./log/partition-log.ts";
import { type ArchiveStreams, openArchiveStreams } from "./open.ts";
import type { ObjectStore } from "./store/object-store.ts";

export interface ArchiveImport extends ArchiveStreams {
  /** Directory of the archive. It is not open. */
  readonly from: string;
  /** Directory for temporary files of the partitions. */
  readonly scratch: string;
  /** Returns the newest epoch of a partition's journal. The next owner has a newer one. */
  readonly epochOf: (partition: number) => number;
}

export async function importArchive(options: ArchiveImport, signal: AbortSignal): Promise<void> {
  const { from, scratch, partitions } = options;
  const objects = await openArchiveStreams(options, signal);
  // A service without stored data.
  if (!existsSync(fileOf(from))) return;
  await mkdir(scratch, { recursive: true, mode: privateModes.folder });
  for (let partition = 0; partition < partitions; partition++) {
    const file = join(scratch, `${partition}.db`);
    await removeCache(file);
    if (splitArchive(fileOf(from), partition, file))
      await importPartition(file, partition, objects, options, signal);
    await removeCache(file);
  }
}

async function importPartition(
  file: string,
  partition: number,
  objects: ObjectStore,
  { connection, service, epochOf }: ArchiveImport,
  signal: AbortSignal,
): Promise<void> {
  const log = new PartitionLog(connection, { service, partition });
  const { sequence } = await log.refresh(signal);
  if (sequence > 0) throw jetstreamErrors.streamNotEmpty({ stream: log.stream, last: sequence });
  const epoch = epochOf(partition);
  let names = 0;
  const nextName = (): string => `${partition}.${epoch}.import.${++names}`;
  const followed = emptyHead.sequence;
  const base = await uploadBase(objects, file, followed, undefined, nextName, signal);
  const about = { epoch, owner: 0, base: followed + 1, baseBytes: base.fileBytes, tailBytes: 0 };
  const entry = { ...about, kind: entryKinds.base, body: encodeBase(base) };
  if ((await log.append(entry, signal)) === "moved")
    throw jetstreamErrors.streamNotEmpty({ stream: log.stream, last: followed + 1 });
}
