/** The runtimes of a process, each with its archive, independent of the storage. */
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { Blobs } from "@tutti/journal";
import { type Clock, type Owner, type Place, promptDefer } from "@tutti/kernel";
import { type Effects, type MemoryUse, Runtime, type RuntimeOptions } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import { workServices } from "../runtime/pause/dependencies.ts";
import type { ProcessJournal } from "./process-journal.ts";
import type { ServiceArchive } from "./service-archive.ts";
import type { HostedRuntime, StorageParts } from "./storage.ts";

export type HostedService = HostedRuntime & { readonly archive: ServiceArchive };

/** Resources of a service. */
export interface ServiceResources {
  readonly archive: ServiceArchive;
  readonly journals: ProcessJournal;
  /** For partitions that move between processes: copies the present state of one while another process owns it. */
  readonly prepare?: (partition: number) => Promise<void>;
}

export class HostedServices {
  readonly all: HostedService[] = [];
  readonly #parts: StorageParts;
  readonly #blobs: Pick<Blobs, "mention">;
  readonly #memoryUse: () => MemoryUse;

  /** @param blobs called once the storage is started */
  constructor(parts: StorageParts, blobs: () => Blobs) {
    this.#parts = parts;
    this.#memoryUse = memoryMeter(parts.foundation.clock);
    this.#blobs = { mention: (mentions) => blobs().mention(mentions) };
  }

  add(machines: RuntimeOptions["machines"], effects: Effects, grounds: ServiceResources): HostedService {
    const { partitionOwner, delivery, foundation, settings } = this.#parts;
    const { clock, timers, chance, logger } = foundation;
    const { partitions } = partitionOwner;
    const { archive, journals, prepare } = grounds;
    const { service } = archive;
    this.#parts.holds.add(service);
    const runtime = new Runtime({
      service,
      machines,
      partitions,
      archive,
      delivery,
      effects,
      clock,
      timers,
      chance,
      logger,
      journals,
      ...(prepare && { prepare }),
      blobs: this.#blobs,
      leaseTerm: partitionOwner.leaseTermOf(service),
      behavioursAllowed: () => partitionOwner.behavioursAllowed(service),
      partitionsOf: () => partitions,
      defer: promptDefer(),
      limits: settings.limits,
      pause: workServices.includes(service) ? settings.pause : "",
      memoryUse: this.#memoryUse,
      retentionOf: settings.retentionOf,
      ownerOf: (place) => ownerOf(partitionOwner, service, place),
    });
    const hosted = { service, machines, runtime, archive, journals };
    this.all.push(hosted);
    return hosted;
  }

  get runtimes(): readonly Runtime[] {
    return this.all.map(({ runtime }) => runtime);
  }

  /** The number of partitions of each service. */
  get partitions(): { readonly service: string; readonly partitions: number }[] {
    return this.all.map(({ service, runtime }) => ({ service, partitions: runtime.partitions }));
  }

  /** Partitions whose journal or archive cannot be read, by name: `workflow/3`. */
  get failed(): readonly string[] {
    return this.all.flatMap(({ service, runtime }) =>
      runtime.failedPartitions().map((partition) => `${service}/${partition}`),
    );
  }

  async openArchives(): Promise<void> {
    for (const { archive } of this.all) await archive.start();
  }

  async stopRuntimes(): Promise<void> {
    await Promise.all(this.all.map(({ runtime }) => runtime.stop()));
  }

  async closeArchives(): Promise<void> {
    for (const { archive } of this.all) await archive.close();
  }
}

function ownerOf(partitionOwner: PartitionOwner, service: string, place: Place): Owner | undefined {
  return partitionOwner.ownerOf(service, Number(place.slice(place.lastIndexOf("/") + 1)));
}

/** V8 counts this maximum of the young generation among the maximum of the heap. */
const youngBytesMax = 192 * 2 ** 20;
const sampleMs = 100;

/** Returns a function that returns the used shares. It reads them at most every 100 ms. */
function memoryMeter(clock: Pick<Clock, "monotonic">): () => MemoryUse {
  // The limit of a container, if there is one.
  const processMax = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  let sampledMs = Number.NEGATIVE_INFINITY;
  let use: MemoryUse = { heap: 0, process: 0 };
  return () => {
    const nowMs = clock.monotonic();
    if (nowMs - sampledMs < sampleMs) return use;
    sampledMs = nowMs;
    const heap = getHeapStatistics();
    const { used_heap_size: used, heap_size_limit: most } = heap;
    use = {
      heap: used / Math.max(most - youngBytesMax, most / 2),
      process: (heap.total_heap_size + heap.external_memory) / processMax,
    };
    return use;
  };
}
