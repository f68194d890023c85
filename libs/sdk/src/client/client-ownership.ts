import type { Owner, Place } from "@tutti/kernel";
import { MemoryOwnership } from "@tutti/mesh";

/**
 * What a client knows of owners: what it was told. Where it got nothing it asks at one of its addresses, where a
 * process that does not own it says who does. One that cannot be reached hands that part on to the next.
 */
export class ClientOwnership extends MemoryOwnership {
  readonly #addresses: readonly string[];
  #at = 0;

  constructor(addresses: readonly string[]) {
    super({ fallback: () => this.#asked });
    this.#addresses = addresses;
  }

  override doubt(place: Place, owner: Owner): void {
    super.doubt(place, owner);
    // Of many calls that fail at the same address only the first one moves it on.
    const { instance, epoch } = this.#asked;
    if (owner.instance === instance && owner.epoch === epoch)
      this.#at = (this.#at + 1) % this.#addresses.length;
  }

  get #asked(): Owner {
    const address = this.#addresses[this.#at] ?? "";
    return { instance: address, address, epoch: 0 };
  }
}
