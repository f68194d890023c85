import { type InstanceKey, stableHash } from "@tutti/kernel";

/** Returns the partition of an instance. */
export function partitionOf({ namespace, kind, id }: InstanceKey, partitions: number): number {
  return stableHash(namespace, kind, id) % partitions;
}
