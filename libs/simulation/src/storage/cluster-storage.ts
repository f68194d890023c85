/** The storage of several processes: a shared journal server and a shared archive. */
import { MemoryArchiveStore } from "@tutti/journal";
import type { Chronicle } from "../checks/chronicle.ts";
import type { Network } from "../network/network.ts";
import type { Plan } from "../plan/plan.ts";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { type ArchiveGround, openArchive, reliableArchive } from "./faulty-archive.ts";
import { JournalClient } from "./journal-client.ts";
import type { JournalServer } from "./journal-server.ts";
import type { OpenedStorage, Storage, StorageSeams } from "./storage.ts";

export interface ClusterParts {
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly plan: Plan;
  readonly network: Network;
  readonly server: JournalServer;
  readonly service: string;
  readonly seams: StorageSeams;
}

export class ClusterStorage implements Storage {
  readonly #parts: ClusterParts;
  readonly #archive: ArchiveGround;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    const { world, plan } = parts;
    this.#archive = {
      store: new MemoryArchiveStore(),
      partitions: plan.partitions,
      chance: world.chanceFor("archive"),
      faults: plan.archive,
    };
  }

  open(life: Life): Promise<OpenedStorage> {
    const { world, network, server, seams, service, plan } = this.#parts;
    const { appendsMax } = plan.limits;
    const client = new JournalClient({ world, life, network, server, appendsMax });
    const journal = seams.journal?.(client, life) ?? client;
    const archive = openArchive(this.#archive, life, (partition) => journal.partition(service, partition));
    return Promise.resolve({
      journals: { journal, renew: () => Promise.resolve(journal) },
      archive: seams.archive?.(archive, life) ?? archive,
      close: () => archive.close(),
    });
  }

  died(): void {}

  settleDown(): void {
    this.#archive.faults = reliableArchive;
  }

  verify(): Promise<void> {
    return Promise.resolve();
  }
}
