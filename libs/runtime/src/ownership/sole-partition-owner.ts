import {
  assert,
  backoffMs,
  type Chance,
  type ComponentContext,
  errorFromUnknown,
  type Logger,
  type Owner,
  sleep,
  type Timers,
} from "@tutti/kernel";
import type { LeaseTerm, PartitionsOfService } from "../api.ts";
import { journalEpochOf } from "./epochs.ts";
import type { AdmissionRequest, Ownership, PartitionOwner } from "./partition-owner.ts";
import { ChangeNotifier } from "./table/change-notifier.ts";
import { partitionKey } from "./table/entries.ts";

export interface SolePartitionOwnerParts {
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  /** Id of this process. */
  readonly process: string;
  /** Address under which other processes call this process. Read on demand. */
  readonly address: () => string;
}

const firstEpoch = 1;
const firstJournalEpoch = journalEpochOf(firstEpoch);
const retry = { firstMs: 50, maxMs: 5_000 };

/**
 * The partition owner of a single process: it owns everything, for ever.
 *
 * 1. A partition whose journal an earlier process sealed is in its second epoch: agents of that process may be on their
 *    way, as after a change of owners.
 */
export class SolePartitionOwner implements PartitionOwner {
  readonly partitions: number;
  readonly #parts: SolePartitionOwnerParts;
  readonly #runtimes: PartitionsOfService[] = [];
  readonly #ownedKeys = new Set<string>();
  readonly #epochs = new Map<string, number>();
  readonly #listeners = new Set<(service: string, partition: number) => void>();
  readonly #changes = new ChangeNotifier();
  readonly #stopping = new AbortController();

  constructor(partitions: number, parts: SolePartitionOwnerParts) {
    this.partitions = partitions;
    this.#parts = parts;
  }

  leaseTermOf(service: string): LeaseTerm {
    return {
      validUntilMs: () => Number.POSITIVE_INFINITY,
      lost: (partition) => this.#lost(service, partition),
    };
  }

  behavioursAllowed(): undefined {
    return undefined;
  }

  host(runtime: PartitionsOfService): void {
    const { service, partitions } = runtime;
    assert(partitions === this.partitions, "a service has as many partitions as the installation", {
      service,
      partitions,
      installation: this.partitions,
    });
    this.#runtimes.push(runtime);
  }

  /** Waits until everything is owned for the first time. Partitions that cannot be owned are retried. */
  async start({ signal }: Pick<ComponentContext, "signal">): Promise<void> {
    const until = AbortSignal.any([signal, this.#stopping.signal]);
    const all = this.#runtimes.flatMap((runtime) =>
      Array.from({ length: runtime.partitions }, (_, partition) => this.#own(runtime, partition, until)),
    );
    await Promise.all(all);
    signal.throwIfAborted();
  }

  /** The services that host the partitions release them. */
  stop(): void {
    this.#stopping.abort();
  }

  owns(service: string, partition: number): boolean {
    return this.#ownedKeys.has(partitionKey(service, partition));
  }

  admit(service: string, partition: number, { signal }: AdmissionRequest): Promise<void> | undefined {
    return this.owns(service, partition) ? undefined : this.#awaited(service, partition, signal);
  }

  ownerOf(service: string, partition: number): Owner {
    return { instance: this.#parts.process, address: "", epoch: this.epochOf(service, partition) };
  }

  epochOf(service: string, partition: number): number {
    return this.#epochs.get(partitionKey(service, partition)) ?? firstEpoch;
  }

  *ownerships(): Generator<Ownership> {
    const { process, address } = this.#parts;
    for (const { service, partitions } of this.#runtimes) {
      for (let partition = 0; partition < partitions; partition++) {
        const epoch = this.epochOf(service, partition);
        yield { service, partition, owner: { instance: process, address: address(), epoch } };
      }
    }
  }

  onOwner(listener: (service: string, partition: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #awaited(service: string, partition: number, signal: AbortSignal): Promise<void> {
    while (!this.owns(service, partition)) {
      await this.#changes.wait(partitionKey(service, partition), signal);
    }
  }

  async #own(runtime: PartitionsOfService, partition: number, signal: AbortSignal): Promise<void> {
    const { timers, chance, logger } = this.#parts;
    const { service } = runtime;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await runtime.own(partition, firstJournalEpoch);
        this.#owned(runtime, partition);
        return;
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        if (failures === 1)
          logger.error("partition failed to start, retrying", { service, partition, error });
        await sleep(timers, backoffMs(retry, failures, chance), signal).catch(() => undefined);
      }
    }
  }

  #owned(runtime: PartitionsOfService, partition: number): void {
    const { service } = runtime;
    const key = partitionKey(service, partition);
    const sealed = runtime.partitionStatuses().find((status) => status.partition === partition)?.epoch ?? 0;
    if (!this.#epochs.has(key))
      this.#epochs.set(key, sealed > firstJournalEpoch ? firstEpoch + 1 : firstEpoch);
    this.#ownedKeys.add(key);
    for (const listener of [...this.#listeners]) listener(service, partition);
    this.#changes.notify(key);
  }

  /** Another process writes into the journal of a single process: its runtime starts it again. */
  #lost(service: string, partition: number): void {
    if (!this.#ownedKeys.delete(partitionKey(service, partition))) return;
    this.#parts.logger.error("journal was sealed by another process", { service, partition });
    const runtime = this.#runtimes.find((each) => each.service === service);
    if (runtime === undefined) return;
    void runtime
      .disown(partition)
      .catch(() => undefined)
      .then(() => this.#own(runtime, partition, this.#stopping.signal));
  }
}
