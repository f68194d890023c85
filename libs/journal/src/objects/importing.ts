/**
 * Puts the archive of a service, which one process has in a file for all its partitions, into NATS: of each partition a
 * base, as the first entry of its log.
 *
 * 1. The opener of a partition fetches the base and continues from there: to it, all of the log is behind the base.
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
import { beginning, PartitionLog } from "./log/partition-log.ts";
import { type ArchiveStreams, openArchiveStreams } from "./open.ts";
import type { ObjectStore } from "./store/object-store.ts";

export interface ArchiveImport extends ArchiveStreams {
  /** Where the archive is. It is not open. */
  readonly from: string;
  /** Where a file of each partition is for a while. */
  readonly scratch: string;
  /** The newest of a partition's journal: its next owner's will be newer. */
  readonly epochOf: (partition: number) => number;
}

export async function importArchive(options: ArchiveImport, signal: AbortSignal): Promise<void> {
  const { from, scratch, partitions } = options;
  const objects = await openArchiveStreams(options, signal);
  // Of a service that never kept anything.
  if (!existsSync(fileOf(from))) return;
  await mkdir(scratch, { recursive: true, mode: privateModes.folder });
  for (let partition = 0; partition < partitions; partition++) {
    const file = join(scratch, `${partition}.db`);
    await removeCache(file);
    if (splitArchive(fileOf(from), partition, file))
      await beginWith(file, partition, objects, options, signal);
    await removeCache(file);
  }
}

async function beginWith(
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
  const followed = beginning.sequence;
  const base = await uploadBase(objects, file, followed, undefined, nextName, signal);
  const about = { epoch, owner: 0, base: followed + 1, baseBytes: base.fileBytes, tailBytes: 0 };
  const entry = { ...about, kind: entryKinds.base, body: encodeBase(base) };
  if ((await log.append(entry, signal)) === "moved")
    throw jetstreamErrors.streamNotEmpty({ stream: log.stream, last: followed + 1 });
}
