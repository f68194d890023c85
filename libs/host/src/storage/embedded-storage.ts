/**
 * The storage of machines in a data directory of a single process: one journal for all its services, and an archive for
 * each.
 *
 *     data.json        how it was made; written once
 *     lock             held by the system for the process that has it
 *     journal/         the log of all partitions of all services
 *     archive/NAME/    snapshots, history and index of one service
 *     blobs/           large content by its hash
 *
 * 1. Nothing is touched before the lock is held, and the lock is released last.
 * 2. Runtimes release their partitions first: work in progress becomes durable. Then archives, then the journal.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  ArchiveThread,
  archivedBatches,
  archiveErrors,
  type Blobs,
  DirectoryBlobs,
  openArchive,
  openSegments,
  type SegmentsJournal,
  verifyArchive,
} from "@tutti/journal";
import { assert, degraded, type Health, healthy, unhealthy } from "@tutti/kernel";
import { type Effects, type Runtime, type RuntimeOptions, runtimeErrors } from "@tutti/runtime";
import type { DataDirectory } from "../data-directory.ts";
import { hostErrors } from "../errors.ts";
import { type AboutData, checkAbout, dataFormat, readAbout, writeAbout } from "./about.ts";
import { copyData } from "./backup.ts";
import { BackupServer } from "./backup-server.ts";
import { type KeysCopied, requireUnsealed } from "./copied-keys.ts";
import { hadJournal, listedFile, registerFile } from "./file-list.ts";
import { requireOwn } from "./handed-over.ts";
import { HostedServices } from "./hosted-services.ts";
import { StorageInstruments } from "./instruments.ts";
import { type DataLayout, layoutOf } from "./layout.ts";
import { ProcessJournal } from "./process-journal.ts";
import { ServiceArchive } from "./service-archive.ts";
import type { HostedRuntime, Storage, StorageParts } from "./storage.ts";
import { mebibytes, Upkeep } from "./upkeep.ts";

export interface EmbeddedStorageParts extends StorageParts {
  readonly directory: DataDirectory;
  /** Release of this software. */
  readonly release: string;
}

/** Maximum number of restarts of a copy, which is restarted if the journal was reopened meanwhile. */
const copyAttemptsMax = 3;
/**
 * Archives up to this size are checked at each start, which takes a tenth of a second. `tutti data verify` checks
 * larger ones.
 */
const checkedBytesMax = 32 * 1024 * 1024;

function hasFiles(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).length > 0;
}

function archiveName(service: string): string {
  return `archive/${service}/archive.db`;
}

/** Undefined if it does not exist yet. */
function archiveBytes(directory: string): number | undefined {
  return statSync(join(directory, "archive.db"), { throwIfNoEntry: false })?.size;
}

export class EmbeddedStorage implements Storage {
  readonly isShared = false;
  readonly #parts: EmbeddedStorageParts;
  readonly #layout: DataLayout;
  readonly #journal: ProcessJournal<SegmentsJournal>;
  readonly #thread = new ArchiveThread();
  readonly #services: HostedServices;
  readonly #instruments: StorageInstruments;
  readonly #upkeep: Upkeep;
  readonly #backupServer: BackupServer;
  readonly #rebuilt = new Set<string>();
  /** Why archives are unreliable. Empty if all are sound. */
  #damage = "";
  #about: AboutData | undefined;
  #blobs: Blobs | undefined;

  constructor(parts: EmbeddedStorageParts) {
    const { directory, foundation, settings } = parts;
    this.#parts = parts;
    this.#layout = layoutOf(directory.path);
    this.#services = new HostedServices(parts, () => this.blobs);
    this.#journal = new ProcessJournal({ open: () => this.#openJournal(), foundation, holds: parts.holds });
    this.#instruments = new StorageInstruments(foundation.metrics);
    this.#upkeep = new Upkeep({
      foundation,
      services: this.#services.all,
      instruments: this.#instruments,
      directory: directory.path,
      purgeMs: settings.purgeMs,
      journalBytes: () => this.#journal.journal.bytes,
    });
    const { chance, logger } = foundation;
    this.#backupServer = new BackupServer({
      layout: this.#layout,
      chance,
      logger,
      backUp: (to, keys) => this.backUp(to, keys),
    });
  }

  host(service: string, machines: RuntimeOptions["machines"], effects: Effects): HostedRuntime {
    const { partitionOwner, foundation } = this.#parts;
    const archive = new ServiceArchive(service, () =>
      openArchive(this.#layout.archiveOf(service), this.#thread, {
        partitions: partitionOwner.partitions,
        clock: foundation.clock,
        source: (partition) => this.#journal.journal.partition(service, partition),
      }),
    );
    return this.#services.add(machines, effects, { archive, journals: this.#journal });
  }

  get runtimes(): readonly Runtime[] {
    return this.#services.runtimes;
  }

  get rebuilt(): ReadonlySet<string> {
    return this.#rebuilt;
  }

  /**
   * Checked before a partition is sealed. Each seal extends the journal. So after a few starts its end would be behind
   * that of the archive, and the loss would not be noticed.
   */
  #requireJoined(): void {
    const { journal } = this.#journal;
    for (const { service } of this.#services.all)
      for (const [partition, archived] of archivedBatches(this.#layout.archiveOf(service))) {
        const { number } = journal.partition(service, partition).last;
        if (archived <= number) continue;
        const what = `an archive up to batch ${archived} and a journal up to batch ${number}`;
        throw runtimeErrors.gap({ service, partition, what });
      }
  }

  /** Checked before opening, which creates missing archives. */
  #checkArchives(): void {
    const { logger } = this.#parts.foundation;
    for (const { service } of this.#services.all) {
      const path = this.#layout.archiveOf(service);
      const bytes = archiveBytes(path);
      if (bytes === undefined && listedFile(this.#layout.directory, archiveName(service)) !== undefined) {
        this.#rebuilt.add(service);
        logger.warn("archive missing, rebuilding it from the journal", { service, path });
      }
      if (bytes === undefined || bytes > checkedBytesMax) continue;
      const { damage, text } = verifyArchive(path);
      if (damage === undefined) continue;
      const remedy = archiveErrors.damaged.is(damage)
        ? "Restore a backup"
        : "Check the owner and the permissions of its files";
      this.#damage ||= `${text} ${remedy}, and run tutti doctor for details`;
      logger.error("archive damaged", { service, path, problem: text });
    }
  }

  /** Archives are created on first use. */
  #listArchives(): void {
    for (const { service } of this.#services.all)
      if (archiveBytes(this.#layout.archiveOf(service)) !== undefined)
        registerFile(this.#layout.directory, archiveName(service));
  }

  get blobs(): Blobs {
    assert(this.#blobs !== undefined, "blobs are requested after the storage has started", {});
    return this.#blobs;
  }

  async start(): Promise<void> {
    const { directory, holds } = this.#parts;
    await directory.start();
    try {
      requireOwn(directory.path);
      requireUnsealed(directory.path);
      this.#about = this.#readOrWriteAbout();
      await this.#journal.start();
      holds.areIn({ directory: this.#layout.journal, durableEnd: () => this.#journal.journal.end });
      this.#requireJoined();
      this.#checkArchives();
      this.#listArchives();
      await this.#services.openArchives();
      this.#blobs = await this.#openBlobs();
      await this.#backupServer.start();
      this.#upkeep.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Opens the blobs in the directory, or in a bucket. Existing blobs of the directory are moved to the bucket first,
   * which may be repeated.
   */
  async #openBlobs(): Promise<Blobs> {
    const { foundation, settings } = this.#parts;
    const own = await DirectoryBlobs.open(this.#layout.blobs, foundation.clock);
    const { s3 } = settings.blobs;
    if (s3 === undefined) return own;
    const { openS3Blobs } = await import("@tutti/journal/objects");
    const shared = openS3Blobs(s3, foundation);
    await own.moveTo(shared);
    return shared;
  }

  stopRuntimes(): Promise<void> {
    return this.#services.stopRuntimes();
  }

  async stop(): Promise<void> {
    this.#upkeep.stop();
    await this.#backupServer.stop();
    await this.stopRuntimes();
    await this.#services.closeArchives();
    if (this.#about !== undefined) this.#listArchives();
    await this.#blobs?.close();
    await this.#journal.stop();
    this.#parts.directory.stop();
  }

  health(): Health {
    const journal = this.#journal.health();
    if (journal.level !== "healthy") return journal;
    if (this.#damage !== "") return unhealthy(this.#damage);
    const { failed } = this.#services;
    if (failed.length > 0)
      return unhealthy(
        `partitions cannot be loaded: ${failed.join(", ")}; \`tutti doctor\` shows the reason`,
      );
    const { freeBytes } = this.#upkeep;
    if (freeBytes === undefined || freeBytes >= this.#parts.settings.freeBytesMin) return healthy;
    return degraded(
      `the disk of ${this.#layout.directory} has ${mebibytes(freeBytes)} MiB left: free some space`,
    );
  }

  /** Copies everything to an empty or missing directory, while the work continues. */
  async backUp(target: string, keys: KeysCopied): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { journal } = this.#journal;
      const release = await journal.hold();
      try {
        await copyData(
          {
            layout: this.#layout,
            keys,
            about: this.#about ?? this.#readOrWriteAbout(),
            archives: this.#services.all.map(({ service, archive }) => ({
              service,
              backup: (directory) => archive.backup(directory),
            })),
            durableEnd: () => journal.end,
            alone: (work) => this.#parts.holds.alone(work),
          },
          target,
        );
      } finally {
        release();
      }
      // If it was reopened, the log may have been cut during the copy.
      if (this.#journal.journal === journal) return;
      const reason = "the journal was opened again meanwhile";
      if (attempt === copyAttemptsMax) throw hostErrors.copyFailed({ target, reason });
      await rm(target, { recursive: true, force: true });
    }
  }

  #readOrWriteAbout(): AboutData {
    const { partitionOwner, release, foundation } = this.#parts;
    const layout = this.#layout;
    const known = readAbout(layout);
    if (known !== undefined) {
      checkAbout(known, layout, partitionOwner.partitions);
      if (!hasFiles(layout.journal) && hadJournal(layout.directory))
        throw hostErrors.journalMissing({ directory: layout.journal });
      if (known.format === dataFormat) return known;
      const raised = { ...known, format: dataFormat, release };
      writeAbout(layout, raised);
      const { format: from, release: fromRelease } = known;
      foundation.logger.info("data directory upgraded", { from, to: dataFormat, fromRelease });
      return raised;
    }
    if (existsSync(layout.journal)) throw hostErrors.dataIncomplete({ directory: layout.directory });
    const made = new Date(foundation.clock.now()).toISOString();
    const about = { format: dataFormat, release, made, partitions: partitionOwner.partitions };
    writeAbout(layout, about);
    return about;
  }

  async #openJournal(): Promise<SegmentsJournal> {
    const { foundation } = this.#parts;
    const { partitions: services } = this.#services;
    const { committed } = this.#instruments;
    const { journal, found } = await openSegments(this.#layout.journal, {
      services,
      committed,
      chance: foundation.chance,
      timers: foundation.timers,
    });
    const { torn, ...counts } = found;
    const cut = torn === undefined ? {} : { cutFile: torn.file, cutOffset: torn.offset };
    foundation.logger.info("journal opened", { ...counts, ...cut });
    return journal;
  }
}
