/**
 * Storage of machines of a test's process: nothing leaves the thread or waits for a disk. Searches are the real ones,
 * in files that are not synced.
 */
import { join } from "node:path";
import {
  type Blobs,
  type MemoryBlobStore,
  MemoryBlobs,
  MemoryJournal,
  MemoryStore,
  openArchiveInline,
} from "@tutti/journal";
import type { Effects, Runtime, RuntimeOptions } from "@tutti/runtime";
import { HostedServices } from "../storage/hosted-services.ts";
import { StorageInstruments } from "../storage/instruments.ts";
import { ProcessJournal } from "../storage/process-journal.ts";
import { ServiceArchive } from "../storage/service-archive.ts";
import type { HostedRuntime, Storage, StorageParts } from "../storage/storage.ts";
import { Upkeep } from "../storage/upkeep.ts";

/** Data that outlives a process: another one opened on it finds the same as on a disk. */
export class MemoryData {
  readonly journal = new MemoryStore();
  readonly blobs: MemoryBlobStore = { blobs: new Map(), mentions: new Map(), through: new Map() };
}

export class MemoryStorage implements Storage {
  readonly isShared = false;
  readonly blobs: Blobs;
  readonly #parts: StorageParts;
  readonly #directory: string;
  readonly #journal: ProcessJournal<MemoryJournal>;
  readonly #services: HostedServices;
  readonly #upkeep: Upkeep;

  /** @param directory in memory too, if the machine supports that */
  constructor(parts: StorageParts, data: MemoryData, directory: string) {
    const { foundation, holds, settings } = parts;
    this.#parts = parts;
    this.#directory = directory;
    this.#services = new HostedServices(parts, () => this.blobs);
    this.blobs = new MemoryBlobs(foundation.clock, data.blobs);
    const open = () =>
      Promise.resolve(new MemoryJournal({ services: this.#services.partitions, store: data.journal }));
    this.#journal = new ProcessJournal({ open, foundation, holds });
    this.#upkeep = new Upkeep({
      ...{ foundation, services: this.#services.all, directory, purgeMs: settings.purgeMs },
      instruments: new StorageInstruments(foundation.metrics),
    });
  }

  host(service: string, machines: RuntimeOptions["machines"], effects: Effects): HostedRuntime {
    const { partitionOwner, foundation } = this.#parts;
    const open = () =>
      openArchiveInline(join(this.#directory, "archive", service), {
        ...{ partitions: partitionOwner.partitions, clock: foundation.clock },
        source: (partition) => this.#journal.journal.partition(service, partition),
      });
    const archive = new ServiceArchive(service, open);
    return this.#services.add(machines, effects, { archive, journals: this.#journal });
  }

  get runtimes(): readonly Runtime[] {
    return this.#services.runtimes;
  }

  async start(): Promise<void> {
    await this.#journal.start();
    await this.#services.openArchives();
    this.#upkeep.start();
  }

  stopRuntimes(): Promise<void> {
    return this.#services.stopRuntimes();
  }

  async stop(): Promise<void> {
    this.#upkeep.stop();
    await this.stopRuntimes();
    await this.#services.closeArchives();
    await this.#journal.stop();
  }
}
