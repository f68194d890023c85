/**
 * The store of the processes of a cluster and of the owners of partitions: keys with values and revisions, as in a bucket
 * of NATS.
 *
 * Every implementation guarantees, and the conformance suite checks:
 * 1. Revisions grow over the whole store. A change is visible before its answer arrives.
 * 2. Of two changes that name the same revision of a key, exactly one succeeds.
 * 3. A watch returns the existing entries, a mark at their end, and then every change, of each key in the order of
 *    revisions. It may skip a change if a later one of the same key follows. If it cannot continue it throws, and a new
 *    watch starts with the existing entries.
 * 4. A change that fails with an error may have been made, or be made later.
 * 5. A renewal is a change that watches may report later: with the next look, or before the next change that is not a
 *    renewal.
 */
export interface OwnershipStore {
  /**
   * Returns the value of a key and its revision. Undefined if the key does not exist. Never older than an own change.
   */
  read(key: string): Promise<StoredValue | undefined>;
  /**
   * Writes a key that is at this revision, 0 for a key that does not exist. Resolves with the new revision. Undefined
   * if the key was at another revision.
   */
  change(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** Like `change`, for a value without news. */
  renew(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** Asks for renewals: the watches of this process report those made until now. */
  refresh(): void;
  /** Removes a key that is at this revision. Resolves with whether it was. */
  remove(key: string, revision: number): Promise<boolean>;
  watch(signal: AbortSignal): AsyncIterable<StoreChange>;
  /** Calls back when the store is reachable again. Returns a function that stops that. */
  onReconnect(listener: () => void): () => void;
  /** Removes the traces of keys that were removed long ago. */
  tidy(): Promise<void>;
}

export interface StoredValue {
  readonly value: Uint8Array;
  readonly revision: number;
}

export type StoreChange =
  | { readonly kind: "put"; readonly key: string; readonly value: Uint8Array; readonly revision: number }
  | { readonly kind: "removed"; readonly key: string; readonly revision: number }
  /** All present entries have been reported. */
  | { readonly kind: "caught-up" };
