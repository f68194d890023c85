/**
 * The table of owners in memory: what one process uses until owners are leased, and what tests lead by the hand.
 *
 * Places: the instances of a machine kind live in the partitions of their service, `workflow/partition/7`, by a hash of
 * namespace, kind and id. The kind `partition` names one by its number. A pool is a place of its own,
 * `swarm/pool/default/gpu`, unless owners are leased: then it is where its partition is.
 */
import { type OwnedKey, type Owner, type Ownership, type Place, stableHash } from "@tutti/kernel";

export interface MemoryOwnershipOptions {
  /** How many partitions each service has. Fixed when an installation is made. Default 16. */
  readonly partitions?: number;
  /** Who owns a place without a named owner, or is asked when that one is in doubt. By default none. */
  readonly fallback?: (place: Place) => Owner | undefined;
}

export class MemoryOwnership implements Ownership {
  readonly partitions: number;
  readonly #fallback: (place: Place) => Owner | undefined;
  readonly #owners = new Map<Place, Owner>();
  /** Places whose owner may have lost them. */
  readonly #doubted = new Set<Place>();
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
    return known === undefined || this.#doubted.has(place) ? (this.#fallback(place) ?? known) : known;
  }

  learn(place: Place, owner: Owner): void {
    const known = this.#owners.get(place);
    if (known !== undefined && owner.epoch < known.epoch) return;
    this.#owners.set(place, owner);
    this.#doubted.delete(place);
    if (known?.instance !== owner.instance || known.epoch !== owner.epoch) this.changedAt(place);
  }

  /** Nothing is reported: who waits asks again by itself. Where the fallback is in doubt, it is the other one's turn again. */
  doubt(place: Place, { instance, epoch }: Owner): void {
    const known = this.#owners.get(place);
    if (known?.instance === instance && known.epoch === epoch) this.#doubted.add(place);
    else this.#doubted.delete(place);
  }

  /** Forgets who owns a place, as when a lease has run out. */
  release(place: Place): void {
    this.#doubted.delete(place);
    if (this.#owners.delete(place)) this.changedAt(place);
  }

  changed(place: Place, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting = this.#waiting.get(place) ?? new Set();
      this.#waiting.set(place, waiting);
      const done = () => {
        waiting.delete(tell);
        if (waiting.size === 0 && this.#waiting.get(place) === waiting) this.#waiting.delete(place);
        signal.removeEventListener("abort", giveUp);
      };
      const tell = () => {
        done();
        resolve();
      };
      const giveUp = () => {
        done();
        reject(signal.reason);
      };
      waiting.add(tell);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  protected changedAt(place: Place): void {
    for (const tell of [...(this.#waiting.get(place) ?? [])]) tell();
  }
}

/** Everything is owned by this very process: what an installation of a single process uses. */
export function soleOwnership(instance: string, partitions?: number): MemoryOwnership {
  const owner: Owner = { instance, address: "", epoch: 1 };
  return new MemoryOwnership({ fallback: () => owner, ...(partitions !== undefined && { partitions }) });
}
