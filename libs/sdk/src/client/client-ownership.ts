import type { Owner, Place } from "@tutti/kernel";
import { MemoryOwnership } from "@tutti/mesh";

/**
 * The owners that a client knows, from replies of the platform. Without any it calls one of its addresses, and a
 * process that is not the owner names the owner. If an address cannot be reached, the client tries the next one.
 */
export class ClientOwnership extends MemoryOwnership {
  readonly #addresses: readonly string[];
  #at = 0;

  constructor(addresses: readonly string[]) {
    super({ fallback: () => this.#owner });
    this.#addresses = addresses;
  }

  override reportFault(place: Place, owner: Owner): void {
    super.reportFault(place, owner);
    // If many calls fail at the same address, only the first one moves on to the next.
    const { instance, epoch } = this.#owner;
    if (owner.instance === instance && owner.epoch === epoch)
      this.#at = (this.#at + 1) % this.#addresses.length;
  }

  get #owner(): Owner {
    const address = this.#addresses[this.#at] ?? "";
    return { instance: address, address, epoch: 0 };
  }
}
