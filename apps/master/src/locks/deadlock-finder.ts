/**
 * Finds cycles of works that wait for each other's locks, and lets one of each cycle give way.
 *
 * 1. A cycle counts when it was seen twice, with the same waits and the same grants: then it existed as a
 *    whole at some time, and it does not end by itself while its leases are renewed.
 * 2. Each process checks the namespaces with waiters for its own locks. The process with the lock that a
 *    victim waits for reports the victim. So every cycle is checked, and reported once.
 * 3. A lock that cannot be read is left out: then a cycle may be found later, but never one that does not
 *    exist.
 */
import type { Lock } from "@tutti/contracts/session/v1";
import { allEntries, type MachineDependencies } from "@tutti/host/serving";
import { type Component, type Foundation, fromTimestamp, type Timer } from "@tutti/kernel";
import {
  commonEntries,
  type FoundDeadlock,
  findDeadlocks,
  type ObservedLock,
  observationOf,
} from "@tutti/machine-lock";
import { keyOf, type LockDependencies } from "./dependencies.ts";
import { contended } from "./lists.ts";

export interface DeadlockFinderParts extends Pick<MachineDependencies, "archive"> {
  readonly locks: Pick<LockDependencies["locks"], "getLock" | "resolveDeadlock">;
  readonly waits: Pick<LockDependencies["waits"], "contended" | "recordUncontended">;
  readonly partitionOwner: Pick<LockDependencies["partitionOwner"], "owns">;
  readonly runtime: Pick<LockDependencies["runtime"], "service" | "partitionOf">;
  readonly foundation: Pick<Foundation, "timers" | "logger">;
  /** Interval of the checks. */
  readonly checkMs: number;
}

/** Maximum of locks of a namespace that are checked together. */
const locksMax = 1_000;
/** Maximum of concurrent reads. */
const concurrentReadsMax = 50;

export class DeadlockFinder implements Component {
  readonly #parts: DeadlockFinderParts;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #checking: Promise<void> | undefined;

  constructor(parts: DeadlockFinderParts) {
    this.#parts = parts;
  }

  start(): void {
    const { foundation, checkMs } = this.#parts;
    this.#timer = foundation.timers.every(checkMs, () => {
      this.#checking ??= this.check()
        .catch((error: unknown) => foundation.logger.warn("failed to check for deadlocks", { error }))
        .finally(() => {
          this.#checking = undefined;
        });
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#checking;
  }

  /** Checks all namespaces with waiters here once. */
  async check(): Promise<void> {
    const namespaces = new Set<string>();
    for (const key of this.#parts.waits.contended) {
      const isHere = this.#isHere(key.namespace, key.id);
      if (isHere) namespaces.add(key.namespace);
      else this.#parts.waits.recordUncontended(key);
    }
    for (const namespace of namespaces) await this.#checkNamespace(namespace);
  }

  async #checkNamespace(namespace: string): Promise<void> {
    const first = await this.#read(namespace, await this.#contendedIn(namespace));
    for (const { name, waits } of first)
      if (waits.length === 0) this.#parts.waits.recordUncontended(keyOf(namespace, name));
    const suspected = findDeadlocks(first);
    if (suspected.length === 0) return;
    const names = first.map(({ name }) => name);
    const both = commonEntries(first, await this.#read(namespace, names));
    for (const deadlock of findDeadlocks(both)) await this.#resolve(namespace, deadlock);
  }

  /** Returns contended locks: those of this process at once, those of others by the index. */
  async #contendedIn(namespace: string): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const key of this.#parts.waits.contended) if (key.namespace === namespace) names.add(key.id);
    const filter = { namespace, kinds: ["lock"], labels: [contended], mayLag: true };
    for (const { key } of await allEntries(this.#parts, filter)) names.add(key.id);
    return [...names].slice(0, locksMax);
  }

  async #read(namespace: string, names: readonly string[]): Promise<readonly ObservedLock[]> {
    const { locks, foundation } = this.#parts;
    const { signal } = this.#stopping;
    const read: ObservedLock[] = [];
    for (let from = 0; from < names.length && !signal.aborted; from += concurrentReadsMax) {
      const some = names.slice(from, from + concurrentReadsMax);
      const replies = await Promise.allSettled(
        some.map((name) => locks.getLock({ namespace, name }, { signal })),
      );
      for (const reply of replies)
        if (reply.status === "rejected")
          foundation.logger.debug("failed to check a lock for deadlocks", { error: reply.reason });
        else if (reply.value.lock !== undefined) read.push(observedLock(reply.value.lock));
    }
    return read;
  }

  async #resolve(namespace: string, { circle, reason }: FoundDeadlock): Promise<void> {
    const [victim] = circle;
    if (victim === undefined || !this.#isHere(namespace, victim.lock)) return;
    const edges = circle.map(({ waiter, lock, holder }) => ({ waiter, lock, holder }));
    const request = { namespace, circle: edges, ticket: victim.ticket, reason };
    const { isNew } = await this.#parts.locks.resolveDeadlock(request, { signal: this.#stopping.signal });
    if (isNew) this.#parts.foundation.logger.info("deadlock detected, one waiter is aborted", { reason });
  }

  #isHere(namespace: string, name: string): boolean {
    const { partitionOwner, runtime } = this.#parts;
    return partitionOwner.owns(runtime.service, runtime.partitionOf(keyOf(namespace, name)));
  }
}

function observedLock({ namespace, name, permits, grants, waiters }: Lock): ObservedLock {
  return observationOf(namespace, name, {
    permits,
    holds: grants.map((grant) => ({ ...grant, grantMs: momentOf(grant.acquireTime) })),
    waits: waiters.map((waiter) => ({ ...waiter, beginMs: momentOf(waiter.startTime) })),
  });
}

function momentOf(time: Parameters<typeof fromTimestamp>[0] | undefined): number {
  return time === undefined ? 0 : fromTimestamp(time);
}
