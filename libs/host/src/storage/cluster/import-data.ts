/**
 * Imports the data directory of a single process into the NATS of a cluster: journals, archives and blobs.
 *
 * 1. No other process has the directory meanwhile, and all of it is verified before anything is imported.
 * 2. The directory changes only as at a start: a torn tail is truncated. It is handed over last, in one step, when the
 *    cluster has everything. Until then it stays usable.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DirectoryBlobs, openSegments, type SegmentsJournal } from "@tutti/journal";
import { importJournal } from "@tutti/journal/jetstream";
import { importArchive, openObjectBlobs } from "@tutti/journal/objects";
import { systemClock, systemFoundation } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import { claim, lastHolder } from "../../data-directory.ts";
import { hostErrors } from "../../errors.ts";
import { attemptKeyOf, sharedAttemptKey } from "../../keys/attempt-key.ts";
import { type AboutData, dataFormat, readAbout } from "../about.ts";
import { copyDatabase } from "../backup.ts";
import { type HandedOver, readHandedOver, requireOwn, writeHandedOver } from "../handed-over.ts";
import { archivesIn, verifyContents } from "../inspection/verify.ts";
import { type DataLayout, layoutOf } from "../layout.ts";
import { blobStore } from "./cluster-storage.ts";

export interface ImportTarget {
  readonly connection: NatsConnection;
  /** Replicas of everything in NATS. */
  readonly replicas: number;
  /** A folder for temporary files. */
  readonly scratch: string;
}

const noLimit = -1;

export class ImportedData {
  readonly partitions: number;
  readonly #layout: DataLayout;
  readonly #release: () => void;

  /** Opens the directory, and refuses one that cannot become a cluster. */
  static async open(directory: string): Promise<ImportedData> {
    const layout = layoutOf(directory);
    const about = readAbout(layout);
    if (about === undefined || !existsSync(layout.journal)) throw hostErrors.nothingToCopy({ directory });
    const { format, release } = about;
    if (format > dataFormat) throw hostErrors.dataNewer({ directory, format, known: dataFormat, release });
    const unlock = await claim(directory);
    if (unlock === undefined) {
      const holder = lastHolder(directory) ?? { pid: "of an unknown number", since: "an unknown time" };
      throw hostErrors.inUse({ directory, ...holder });
    }
    try {
      // Its last owner may have handed it over.
      requireOwn(directory);
      const found = verifyContents(layout).find(({ level }) => level === "problem");
      if (found !== undefined) throw hostErrors.importDamaged({ directory, found: found.text });
      return new ImportedData(layout, about, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  private constructor(layout: DataLayout, { partitions }: AboutData, release: () => void) {
    this.#layout = layout;
    this.partitions = partitions;
    this.#release = release;
  }

  /** Copies everything into a NATS without data of Tutti. */
  async copyTo(target: ImportTarget, signal: AbortSignal): Promise<void> {
    const { connection, replicas, scratch } = target;
    const settings = { connection, replicas, bytesMax: noLimit };
    const journal = await openLog(this.#layout);
    try {
      const services = servicesOf(journal);
      await importJournal(journal, { ...settings, services }, signal);
      for (const service of archivesIn(this.#layout)) {
        const { partitions } = this;
        await importArchive(
          {
            ...settings,
            service,
            partitions,
            from: this.#layout.archiveOf(service),
            scratch: join(scratch, service),
            epochOf: (partition) => journal.partition(service, partition).last.epoch,
          },
          signal,
        );
      }
    } finally {
      await journal.close();
    }
    const blobs = await DirectoryBlobs.open(this.#layout.blobs, systemClock);
    await blobs.copyTo(await openObjectBlobs({ ...settings, store: blobStore }, signal));
    // Results of earlier attempts are identified by their tokens, so the key is needed.
    const key = attemptKeyOf(this.#layout.directory);
    if (key !== undefined) await sharedAttemptKey(connection, { replicas, candidate: key, signal });
  }

  /** Copies the audit log, if there is one. */
  copyAuditLogTo(file: string): Promise<void> {
    return copyDatabase(this.#layout.auditLog, file);
  }

  /** From here on no process starts in the directory. */
  handOver(to: string): void {
    const time = new Date(systemClock.now()).toISOString();
    writeHandedOver(this.#layout.directory, { to, time });
  }

  close(): void {
    this.#release();
  }
}

/** Returns the cluster that a data directory was handed over to. Undefined if it was not. */
export function handedOverTo(directory: string): HandedOver | undefined {
  return readHandedOver(directory);
}

async function openLog({ journal: directory }: DataLayout): Promise<SegmentsJournal> {
  const { journal } = await openSegments(directory, { services: [], chance: systemFoundation().chance });
  return journal;
}

function servicesOf({ partitions }: SegmentsJournal) {
  const counts = new Map<string, number>();
  for (const { service } of partitions) counts.set(service, (counts.get(service) ?? 0) + 1);
  return [...counts].map(([service, count]) => ({ service, partitions: count }));
}
