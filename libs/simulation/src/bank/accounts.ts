import { type InstanceKey, stableHash } from "@tutti/kernel";
import { accountKind, bankService } from "@tutti/machine-bank";

export const service = bankService;
const namespace = "default";

export function accountKey(id: string): InstanceKey {
  return { namespace, kind: accountKind, id };
}

/** The partition of an account. */
export function partitionOf(id: string, partitions: number): number {
  return stableHash(namespace, accountKind, id) % partitions;
}
