import { notOwner, type OwnedKey, type Ownership, type Place } from "@tutti/kernel";

/**
 * The server's side of keyed calls: a handler asks whether this process owns what a request is about before it does
 * anything. The table it asks is what the owner itself knows, not what it heard of others.
 */
export class OwnershipGuard {
  readonly #ownership: Ownership;
  readonly #instance: string;

  /** @param instance the id under which this process owns places */
  constructor(ownership: Ownership, instance: string) {
    this.#ownership = ownership;
    this.#instance = instance;
  }

  /** The place of what a request is about. Throws `mesh.not_owner` with the owner as far as it is known. */
  requireOwner(key: OwnedKey): Place {
    const place = this.#ownership.placeOf(key);
    const owner = this.#ownership.ownerOf(place);
    if (owner?.instance !== this.#instance) throw notOwner(place, owner);
    return place;
  }
}
