/**
 * Who owns what. An id belongs to a place (a partition of a service, or a pool). A place has at most one owner at a
 * time. The table is a hint that may be stale: the owner itself refuses what it does not own (`NotOwner`), and the
 * journal has the last word.
 */
export interface Ownership {
  /** The place an id belongs to. Pure: the same answer in every process of an installation. */
  placeOf(key: OwnedKey): Place;
  /** Returns the owner as far as this process knows, or undefined while no owner is known. */
  ownerOf(place: Place): Owner | undefined;
  /** Takes in what another process said of a place. An older epoch than the known one is ignored. */
  learn(place: Place, owner: Owner): void;
  /** An owner did not do as it should: who came after it may be known elsewhere, where no news comes to this process. */
  doubt(place: Place, owner: Owner): void;
  /** Resolves at the next change of the place's owner, or rejects with the signal's reason. */
  changed(place: Place, signal: AbortSignal): Promise<void>;
}

/** What a keyed call is about: an instance of a machine kind of a service, in a namespace. */
export interface OwnedKey {
  readonly service: string;
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
}

/** `workflow/partition/7`, `swarm/pool/default/gpu`. */
export type Place = string & { readonly __place: unique symbol };

export interface Owner {
  /** Instance id of the owning process. */
  readonly instance: string;
  /** Where it can be called, `host:port`. Empty for this very process. */
  readonly address: string;
  /** Grows with every change of owner. */
  readonly epoch: number;
}
