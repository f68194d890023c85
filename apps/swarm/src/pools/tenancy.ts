/**
 * Which pools are owned here. A pool falls into a partition of this service, the one of its machine; whoever owns the
 * partition, by lease and epoch as the steward says, owns its pools. A process that is alone owns all of them.
 */
import { notOwner, type Owner } from "@tutti/kernel";
import { partitionOfPool } from "@tutti/mesh";
import type { Asked, Steward } from "@tutti/runtime/ownership";

/** The name under which this service's partitions are owned. */
const service = "swarm";

export class PoolTenancy {
  readonly partitions: number;
  readonly #steward: Steward;

  constructor(steward: Steward) {
    this.#steward = steward;
    this.partitions = steward.partitions;
  }

  /** Told of each partition that is let go of, before another process has it. */
  onLeft(left: (partition: number) => void): void {
    this.#steward.onOwner((of, partition) => {
      if (of === service && !this.#steward.holds(service, partition)) left(partition);
    });
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

  /** Names of pools of a namespace, one of each other owner: whoever owns that one is asked for all of its own. */
  otherOwners(namespace: string): readonly string[] {
    const names = new Map<string, string>();
    for (let partition = 0; partition < this.partitions; partition++) {
      if (this.#steward.holds(service, partition)) continue;
      // One that has no owner now is waited for by whoever calls it.
      const owner = this.#steward.ownerOf(service, partition)?.instance ?? `${partition}`;
      if (!names.has(owner)) names.set(owner, this.#nameIn(namespace, partition));
    }
    return [...names.values()];
  }

  #nameIn(namespace: string, partition: number): string {
    for (let number = 0; ; number++)
      if (this.partitionOf(namespace, `p${number}`) === partition) return `p${number}`;
  }

  epochOf(namespace: string, name: string): number {
    return this.#steward.epochOf(service, this.partitionOf(namespace, name));
  }

  /** What a caller is told about a pool that is not owned here. */
  elsewhere(namespace: string, name: string) {
    const partition = this.partitionOf(namespace, name);
    return notOwner(`${service}/partition/${partition}`, this.#steward.ownerOf(service, partition));
  }
}
