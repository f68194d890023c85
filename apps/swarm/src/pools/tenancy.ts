/**
 * Which pools are owned here. A pool falls into a partition of this service; whoever owns the partition, by lease and
 * epoch as the steward says, owns its pools. A process that is alone owns all of them.
 */
import { notOwner, type Owner } from "@tutti/kernel";
import { partitionOfPool } from "@tutti/mesh";
import type { PartitionStanding, PartitionsOfService } from "@tutti/runtime";
import type { Asked, Steward } from "@tutti/runtime/ownership";

/** The name under which this service's partitions are owned. */
const service = "swarm";

export class PoolTenancy implements PartitionsOfService {
  readonly service = service;
  readonly partitions: number;
  readonly prepare = undefined;
  readonly #steward: Steward;
  readonly #owned = new Map<number, number>();
  #left: (partition: number) => void = () => {};

  constructor(steward: Steward) {
    this.#steward = steward;
    this.partitions = steward.partitions;
  }

  /** Told of each partition that is let go of, while its pools are still there. */
  onLeft(left: (partition: number) => void): void {
    this.#left = left;
  }

  partitionOf(namespace: string, name: string): number {
    return partitionOfPool(namespace, name, this.partitions);
  }

  holds(namespace: string, name: string): boolean {
    return this.#steward.holds(service, this.partitionOf(namespace, name));
  }

  /** Waits while the pool may be on its way here; throws `mesh.not_owner` when it is elsewhere. */
  admit(namespace: string, name: string, asked: Asked): Promise<void> | undefined {
    return this.#steward.admit(service, this.partitionOf(namespace, name), asked);
  }

  ownerOf(namespace: string, name: string): Owner | undefined {
    return this.#steward.ownerOf(service, this.partitionOf(namespace, name));
  }

  epochOf(namespace: string, name: string): number {
    return this.#steward.epochOf(service, this.partitionOf(namespace, name));
  }

  /** What a caller is told about a pool that is not owned here. */
  elsewhere(namespace: string, name: string) {
    const partition = this.partitionOf(namespace, name);
    return notOwner(`${service}/partition/${partition}`, this.#steward.ownerOf(service, partition));
  }

  async own(partition: number, epoch: number): Promise<void> {
    this.#owned.set(partition, epoch);
  }

  async disown(partition: number): Promise<void> {
    if (this.#owned.delete(partition)) this.#left(partition);
  }

  /** Nothing of a pool is durable: there is no journal to tell of. */
  standings(): readonly PartitionStanding[] {
    return [...this.#owned].map(([partition, epoch]) => ({ ...standing, partition, epoch }));
  }
}

const standing: PartitionStanding = {
  partition: 0,
  state: "running",
  epoch: 0,
  head: 0,
  headHash: new Uint8Array(),
  first: 0,
  loaded: 0,
  live: 0,
  quarantined: 0,
  inbox: 0,
  indexLagMs: 0,
  nextDueMs: undefined,
  load: 0,
};
