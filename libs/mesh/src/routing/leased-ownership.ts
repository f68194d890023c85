/**
 * The table of owners of a process in a cluster: from its partition owner, and from refusals of other processes. The
 * newer of the two counts.
 */
import { type OwnedKey, type Owner, type Place, stableHash } from "@tutti/kernel";
import { MemoryOwnership } from "./memory-ownership.ts";

/** The partition owner's knowledge about the partitions of all services. */
export interface OwnerTable {
  readonly partitions: number;
  ownerOf(service: string, partition: number): Owner | undefined;
  /** Returns the epoch of its owner, or of its last one. 0 if it never had any. */
  epochOf(service: string, partition: number): number;
  onOwner(listener: (service: string, partition: number) => void): () => void;
}

export class LeasedOwnership extends MemoryOwnership {
  readonly #table: OwnerTable;

  constructor(table: OwnerTable) {
    super({ partitions: table.partitions });
    this.#table = table;
    table.onOwner((service, partition) => this.#ownerChanged(service, partition));
  }

  /** The owner of a partition owns the pools in it. */
  override placeOf(key: OwnedKey): Place {
    if (key.kind !== "pool") return super.placeOf(key);
    const { service, namespace, id } = key;
    return `${service}/partition/${partitionOfPool(namespace, id, this.partitions)}` as Place;
  }

  override ownerOf(place: Place): Owner | undefined {
    const reported = super.ownerOf(place);
    const at = partitionOf(place);
    if (at === undefined) return reported;
    const { service, partition } = at;
    // Owners reported by other processes count only until the table has reached their epoch.
    if (reported !== undefined && reported.epoch > this.#table.epochOf(service, partition)) return reported;
    return this.#table.ownerOf(service, partition);
  }

  override learn(place: Place, owner: Owner): void {
    const at = partitionOf(place);
    if (at !== undefined && owner.epoch <= this.#table.epochOf(at.service, at.partition)) return;
    super.learn(place, owner);
  }

  #ownerChanged(service: string, partition: number): void {
    const place = `${service}/partition/${partition}` as Place;
    const reported = super.ownerOf(place);
    if (reported !== undefined && reported.epoch <= this.#table.epochOf(service, partition))
      this.release(place);
    else this.changedAt(place);
  }
}

/** Returns the partition of a pool: the same in every process. */
export function partitionOfPool(namespace: string, name: string, partitions: number): number {
  return stableHash(namespace, "pool", name) % partitions;
}

/** `workflow/partition/7`. Undefined for other places. */
export function partitionOf(
  place: Place,
): { readonly service: string; readonly partition: number } | undefined {
  const [service, kind, number, ...rest] = place.split("/");
  const partition = Number(number);
  const named = service !== undefined && kind === "partition" && number !== "" && rest.length === 0;
  return named && Number.isSafeInteger(partition) && partition >= 0 ? { service, partition } : undefined;
}
