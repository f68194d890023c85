/**
 * The table of owners in memory, for a single process and for tests.
 *
 * Places: the instances of a machine kind belong to the partitions of their service, `workflow/partition/7`, by a hash
 * of namespace, kind and id. The kind `partition` names one by its number. A pool is a separate place,
 * `swarm/pool/default/gpu`. If owners are leased, its place is that of its partition.
 */
import { type OwnedKey, type Owner, type Ownership, type Place, stableHash } from "@tutti/kernel";

export interface MemoryOwnershipOptions {
  /** Number of partitions of each service. Fixed when an installation is created. Default: 16. */
  readonly partitions?: number;
  /** Returns the owner of a place without a named owner, or with one in doubt. By default none. */
  readonly fallback?: (place: Place) => Owner | undefined;
}

export class MemoryOwnership implements Ownership {
  readonly partitions: number;
  readonly #fallback: (place: Place) => Owner | undefined;
  readonly #owners = new Map<Place, Owner>();
  /** Places whose owner may have lost them. */
  readonly #suspected = new Set<Place>();
  readonly #waiting = new Map<Place, Set<() => void>>();

  constructor({ partitions = 16, fallback = () => undefined }: MemoryOwnershipOptions = {}) {
    this.partitions = partitions;
    this.#fallback = fallback;
  }

  placeOf({ service, namespace, kind, id }: OwnedKey): Place {
    if (kind === "pool") return `${service}/pool/${namespace}/${id}` as Place;
    if (kind === "partition") return `${service}/partition/${id}` as Place;
    return `${service}/partition/${stableHash(namespace, kind, id) % this.partitions}` as Place;
  }

  ownerOf(place: Place): Owner | undefined {
    const known = this.#owners.get(place);
    return known === undefined || this.#suspected.has(place) ? (this.#fallback(place) ?? known) : known;
  }

  learn(place: Place, owner: Owner): void {
    const known = this.#owners.get(place);
    if (known !== undefined && owner.epoch < known.epoch) return;
    this.#owners.set(place, owner);
    this.#suspected.delete(place);
    if (known?.instance !== owner.instance || known.epoch !== owner.epoch) this.changedAt(place);
  }

  /**
   * Sends no notification: a waiting caller asks again by itself. If the fallback is in doubt, the named owner is used
   * again.
   */
  reportFault(place: Place, { instance, epoch }: Owner): void {
    const known = this.#owners.get(place);
    if (known?.instance === instance && known.epoch === epoch) this.#suspected.add(place);
    else this.#suspected.delete(place);
  }

  /** Drops the owner of a place, as after the end of a lease. */
  release(place: Place): void {
    this.#suspected.delete(place);
    if (this.#owners.delete(place)) this.changedAt(place);
  }

  changed(place: Place, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting = this.#waiting.get(place) ?? new Set();
      this.#waiting.set(place, waiting);
      const done = () => {
        waiting.delete(notify);
        if (waiting.size === 0 && this.#waiting.get(place) === waiting) this.#waiting.delete(place);
        signal.removeEventListener("abort", onAbort);
      };
      const notify = () => {
        done();
        resolve();
      };
      const onAbort = () => {
        done();
        reject(signal.reason);
      };
      waiting.add(notify);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  protected changedAt(place: Place): void {
    for (const notify of [...(this.#waiting.get(place) ?? [])]) notify();
  }
}

/** Returns a table in which this process owns everything, for an installation of a single process. */
export function soleOwnership(instance: string, partitions?: number): MemoryOwnership {
  const owner: Owner = { instance, address: "", epoch: 1 };
  return new MemoryOwnership({ fallback: () => owner, ...(partitions !== undefined && { partitions }) });
}
