/**
 * The owners of places. An id belongs to a place (a partition of a service, or a pool). A place has at most one owner
 * at a time. The table is a hint that may be stale: the owner itself refuses what it does not own (`NotOwner`), and the
 * journal decides in the end.
 */
export interface Ownership {
  /** Returns the place of an id. Pure: the same answer in every process of an installation. */
  placeOf(key: OwnedKey): Place;
  /** Returns the owner known to this process, or undefined. */
  ownerOf(place: Place): Owner | undefined;
  /** Learns the owner of a place from another process. An epoch older than the known one is ignored. */
  learn(place: Place, owner: Owner): void;
  /**
   * Reports that a known owner misbehaved: another process may know a successor that this process has not learned of.
   */
  reportFault(place: Place, owner: Owner): void;
  /** Resolves at the next change of the place's owner, or rejects with the signal's reason. */
  changed(place: Place, signal: AbortSignal): Promise<void>;
}

/** Subject of a keyed call: an instance of a machine kind of a service, in a namespace. */
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
  /** Its address, `host:port`. Empty for this process itself. */
  readonly address: string;
  /** Grows with every change of owner. */
  readonly epoch: number;
}
