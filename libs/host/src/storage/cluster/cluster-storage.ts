/**
 * The storage of machines in a cluster. Journals, archives and blobs are in NATS, where every process can reach them.
 *
 *     TUTTI_JOURNAL_NAME_N    the journal of a partition, a stream
 *     TUTTI_ARCHIVE_NAME_N    the log of its archive, a stream; TUTTI_ARCHIVE_NAME has the objects that it names
 *     TUTTI_BLOBS_shared      large content by its hash
 *     copies/PLACE/NAME/      on the disk of this process: archives of its partitions for reading, and spare ones
 *
 * 1. The disk has only copies: one that is lost, old or damaged is fetched again.
 * 2. Partitions come and go with the partition owner. A partition that cannot be read is reported and retried, and the
 *    others continue.
 * 3. Runtimes release their partitions first: work in progress becomes durable. Then archives, then the journal.
 */
import { join } from "node:path";
import { ArchiveThread, type Blobs } from "@tutti/journal";
import { type JetStreamJournal, openJetStream } from "@tutti/journal/jetstream";
import { type ObjectArchive, openObjectArchive, openObjectBlobs, openS3Blobs } from "@tutti/journal/objects";
import { assert, type ComponentContext, degraded, type Health, healthy } from "@tutti/kernel";
import { NatsConnection } from "@tutti/nats";
import type { Effects, Runtime, RuntimeOptions } from "@tutti/runtime";
import type { DataDirectory } from "../../data-directory.ts";
import { HostedServices } from "../hosted-services.ts";
import { StorageInstruments } from "../instruments.ts";
import { ProcessJournal } from "../process-journal.ts";
import { ServiceArchive } from "../service-archive.ts";
import type { HostedRuntime, Storage, StorageParts } from "../storage.ts";
import { mebibytes, Upkeep } from "../upkeep.ts";
import { claimCopies } from "./copies-directory.ts";
import type { ClusterSettings } from "./settings.ts";
import { SpareCopies } from "./spare-copies.ts";

export interface ClusterStorageParts extends StorageParts {
  readonly cluster: ClusterSettings;
  /** Started before the storage, and stopped after it. */
  readonly connection: NatsConnection;
}

/** All services of a cluster share one blob store. */
export const blobStore = "shared";

export class ClusterStorage implements Storage {
  readonly isShared = true;
  readonly #parts: ClusterStorageParts;
  readonly #services: HostedServices;
  readonly #journal: ProcessJournal<JetStreamJournal>;
  readonly #thread = new ArchiveThread();
  readonly #instruments: StorageInstruments;
  readonly #upkeep: Upkeep;
  readonly #spares: SpareCopies;
  readonly #stopping = new AbortController();
  /** Signal of the start, as long as it lasts. */
  #signal: AbortSignal = this.#stopping.signal;
  #copies: DataDirectory | undefined;
  #blobs: Blobs | undefined;

  constructor(parts: ClusterStorageParts) {
    const { foundation, settings, cluster } = parts;
    this.#parts = parts;
    this.#services = new HostedServices(parts, () => this.blobs);
    this.#journal = new ProcessJournal({ open: () => this.#openJournal(), foundation, holds: parts.holds });
    this.#instruments = new StorageInstruments(foundation.metrics);
    this.#upkeep = new Upkeep({
      foundation,
      services: this.#services.all,
      instruments: this.#instruments,
      directory: cluster.copies,
      purgeMs: settings.purgeMs,
    });
    this.#spares = new SpareCopies({
      partitionOwner: parts.partitionOwner,
      services: this.#services.all,
      foundation,
      everyMs: cluster.sparesEveryMs,
    });
  }

  host(service: string, machines: RuntimeOptions["machines"], effects: Effects): HostedRuntime {
    let opened: ObjectArchive | undefined;
    const archive = new ServiceArchive(service, async () => {
      opened = await this.#openArchive(service);
      return opened;
    });
    const prepare = async (partition: number): Promise<void> => opened?.prepare(partition);
    return this.#services.add(machines, effects, { archive, journals: this.#journal, prepare });
  }

  get runtimes(): readonly Runtime[] {
    return this.#services.runtimes;
  }

  get blobs(): Blobs {
    assert(this.#blobs !== undefined, "blobs are requested after the storage has started", {});
    return this.#blobs;
  }

  async start({ signal }: Pick<ComponentContext, "signal">): Promise<void> {
    const { cluster, foundation, connection } = this.#parts;
    this.#signal = AbortSignal.any([signal, this.#stopping.signal]);
    this.#copies = await claimCopies(cluster.copies, foundation);
    try {
      await this.#journal.start();
      await this.#services.openArchives();
      const { replicas, blobBytesMax: bytesMax } = cluster;
      const options = { connection, store: blobStore, replicas, bytesMax };
      const { s3 } = this.#parts.settings.blobs;
      this.#blobs =
        s3 === undefined ? await openObjectBlobs(options, this.#signal) : openS3Blobs(s3, foundation);
      this.#signal = this.#stopping.signal;
      this.#upkeep.start();
      this.#spares.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stopRuntimes(): Promise<void> {
    return this.#services.stopRuntimes();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#upkeep.stop();
    const sparesStopped = this.#spares.stop();
    await this.stopRuntimes();
    await this.#services.closeArchives();
    await sparesStopped;
    await this.#blobs?.close();
    await this.#journal.stop();
    this.#copies?.stop();
  }

  /** A partition that fails here would fail elsewhere too. The process serves the others. */
  health(): Health {
    const journal = this.#journal.health();
    if (journal.level !== "healthy") return journal;
    const { failed } = this.#services;
    if (failed.length > 0)
      return degraded(
        `partitions cannot be loaded: ${failed.join(", ")}; the log of this process has the reason`,
      );
    const { freeBytes } = this.#upkeep;
    const { settings, cluster } = this.#parts;
    if (freeBytes === undefined || freeBytes >= settings.freeBytesMin) return healthy;
    return degraded(`the disk of ${cluster.copies} has ${mebibytes(freeBytes)} MiB left: free some space`);
  }

  #openArchive(service: string): Promise<ObjectArchive> {
    const { connection, cluster, partitionOwner } = this.#parts;
    const { replicas, archiveBytesMax: bytesMax } = cluster;
    const { partitions } = partitionOwner;
    const directory = join(this.#copies?.path ?? cluster.copies, service);
    const source = (partition: number) => this.#journal.journal.partition(service, partition);
    const thread = this.#thread;
    const options = { connection, service, partitions, directory, thread, source, replicas, bytesMax };
    return openObjectArchive(options, this.#signal);
  }

  async #openJournal(): Promise<JetStreamJournal> {
    const { connection, cluster, foundation } = this.#parts;
    const { replicas, journalBytesMax: bytesMax, answerMs } = cluster;
    const { partitions: services } = this.#services;
    const { committed } = this.#instruments;
    const system =
      cluster.system && new NatsConnection({ settings: cluster.system, jetstream: false, foundation });
    try {
      await system?.start({ signal: this.#signal });
      const { journal } = await openJetStream(
        { connection, services, replicas, bytesMax, answerMs, committed, ...(system && { system }) },
        this.#signal,
      );
      foundation.logger.info("journal opened", { partitions: journal.partitions.length, replicas });
      return journal;
    } finally {
      await system?.stop(this.#signal);
    }
  }
}
