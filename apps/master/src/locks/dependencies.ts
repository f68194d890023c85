/** The dependencies of the handlers of locks. */
import type { lockService } from "@tutti/contracts/session/v1";
import { type MachineDependencies, orIfAbsent, query, type WatchMemory } from "@tutti/host/serving";
import type { CallContext, Foundation, InstanceKey } from "@tutti/kernel";
import { type LockStatus, lockStatus } from "@tutti/machine-lock";
import type { Client } from "@tutti/mesh";
import type { LockWaits } from "./lock-waits.ts";

export interface LockDependencies extends MachineDependencies {
  readonly foundation: Foundation;
  readonly waits: LockWaits;
  readonly watches: WatchMemory;
  /** Calls the owner of the lock, possibly this process. */
  readonly locks: Client<typeof lockService>;
}

export function keyOf(namespace: string, name: string): InstanceKey {
  return { namespace, kind: "lock", id: name };
}

export function deadlocksKeyOf(namespace: string): InstanceKey {
  return { namespace, kind: "deadlocks", id: namespace };
}

const freeLock: LockStatus = {
  permits: 1,
  free: 1,
  holds: [],
  waits: [],
  waiting: 0,
  lastToken: 0,
  isLive: false,
};

/** Returns the state of a lock. An unused lock does not exist, and is free. */
export async function lockStatusOf(
  dependencies: LockDependencies,
  key: InstanceKey,
  waitsMax: number,
  context: CallContext,
): Promise<LockStatus> {
  const call = { query: lockStatus, body: { waitsMax } };
  return orIfAbsent(query(dependencies, key, call, context), freeLock);
}
