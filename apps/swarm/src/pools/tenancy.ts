/**
 * The ownership of pools. A pool belongs to the partition of its machine. The owner of the partition, by
 * lease and epoch of the partition owner component, owns its pools. A single process owns all of them.
 */
import { notOwner, type Owner } from "@tutti/kernel";
import { partitionOfPool } from "@tutti/mesh";
import type { AdmissionRequest, PartitionOwner } from "@tutti/runtime/ownership";

/** The service name of the partitions. */
const service = "swarm";

export class PoolTenancy {
  readonly partitions: number;
  readonly #partitionOwner: PartitionOwner;
  /** The last epoch of ownership here of each partition. */
  readonly #epochs = new Map<number, number>();
  readonly #acquisitionListeners: ((partition: number, epoch: number) => void)[] = [];

  constructor(partitionOwner: PartitionOwner) {
    this.#partitionOwner = partitionOwner;
    this.partitions = partitionOwner.partitions;
    partitionOwner.onOwner((of, partition) => {
      const owner = of === service ? partitionOwner.ownerOf(of, partition) : undefined;
      // An owner without an address is this process.
      if (owner?.address !== "" || this.#epochs.get(partition) === owner.epoch) return;
      this.#epochs.set(partition, owner.epoch);
      for (const listener of this.#acquisitionListeners) listener(partition, owner.epoch);
    });
  }

  /** Registers a listener for each partition that this process learns that it will own. */
  onAcquired(listener: (partition: number, epoch: number) => void): void {
    this.#acquisitionListeners.push(listener);
  }

  /** Registers a listener for each released partition, called before another process owns it. */
  onReleasing(listener: (partition: number) => void): void {
    this.#partitionOwner.onOwner((of, partition) => {
      if (of === service && !this.#partitionOwner.owns(service, partition)) listener(partition);
    });
  }

  /**
   * Registers a listener, called once for each partition that is no longer owned here, with its epoch here.
   */
  onReleased(released: (partition: number, epoch: number) => void): void {
    const held = new Map<number, number>();
    this.#partitionOwner.onOwner((of, partition) => {
      if (of !== service) return;
      const epoch = held.get(partition);
      if (this.#partitionOwner.owns(service, partition))
        held.set(partition, this.#epochs.get(partition) ?? 0);
      else if (epoch !== undefined) {
        held.delete(partition);
        released(partition, epoch);
      }
    });
  }

  /**
   * Registers a listener for changes of the table: the epoch of a partition, and its owner in that epoch.
   * Undefined while no owner is known.
   */
  onOwner(listener: (partition: number, epoch: number, owner: Owner | undefined) => void): void {
    this.#partitionOwner.onOwner((of, partition) => {
      if (of === service)
        listener(
          partition,
          this.#partitionOwner.epochOf(of, partition),
          this.#partitionOwner.ownerOf(of, partition),
        );
    });
  }

  partitionOf(namespace: string, name: string): number {
    return partitionOfPool(namespace, name, this.partitions);
  }

  holds(namespace: string, name: string): boolean {
    return this.#partitionOwner.owns(service, this.partitionOf(namespace, name));
  }

  /** Waits while the pool may be on its way here. Throws `mesh.not_owner` if it is elsewhere. */
  admit(namespace: string, name: string, request: AdmissionRequest): Promise<void> | undefined {
    return this.#partitionOwner.admit(service, this.partitionOf(namespace, name), request);
  }

  ownerOf(namespace: string, name: string): Owner | undefined {
    return this.#partitionOwner.ownerOf(service, this.partitionOf(namespace, name));
  }

  /** Returns the name of one pool of each other owner. That owner is asked for all of its pools. */
  otherOwners(namespace: string): readonly string[] {
    const names = new Map<string, string>();
    for (let partition = 0; partition < this.partitions; partition++) {
      if (this.#partitionOwner.owns(service, partition)) continue;
      // A partition without an owner makes its callers wait.
      const owner = this.#partitionOwner.ownerOf(service, partition)?.instance ?? `${partition}`;
      if (!names.has(owner)) names.set(owner, this.nameIn(namespace, partition));
    }
    return [...names.values()];
  }

  /** Returns the name of a pool that would belong to a partition. */
  nameIn(namespace: string, partition: number): string {
    for (let number = 0; ; number++)
      if (this.partitionOf(namespace, `p${number}`) === partition) return `p${number}`;
  }

  epochOf(namespace: string, name: string): number {
    return this.#partitionOwner.epochOf(service, this.partitionOf(namespace, name));
  }

  /** Returns the error of a call for a pool that another process owns. */
  notOwnerError(namespace: string, name: string) {
    const partition = this.partitionOf(namespace, name);
    return notOwner(`${service}/partition/${partition}`, this.#partitionOwner.ownerOf(service, partition));
  }
}
