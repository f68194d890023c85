/**
 * The store of the processes of a cluster and of the owners of partitions: keys with values and revisions, as in a bucket
 * of NATS.
 *
 * What every implementation owes, and the conformance suite checks:
 * 1. Revisions grow over the whole store. A change is there before its answer is.
 * 2. Of two changes that name the same revision of a key, exactly one succeeds.
 * 3. A watch returns the existing entries, a mark at their end, and then every change, of each key in the order of
 *    revisions. It may leave out a change that a later one of the same key follows. If it cannot continue it throws, and a
 *    new watch starts with the existing entries.
 * 4. A change that fails with an error may have been made, or be made later.
 * 5. A renewal is a change that watches may report later: with the next look, and before any change that is not one.
 */
export interface OwnershipStore {
  /** Returns the value of a key and its revision. Undefined where there is none. Never from before an own change. */
  read(key: string): Promise<StoredValue | undefined>;
  /**
   * Writes a key that is at this revision, 0 for one that does not exist. Resolves with the new revision, or with
   * undefined where the key is at another.
   */
  change(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** As `change`, for a value that says nothing new. */
  renew(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  /** Asks for renewals: the watches of this process report those made until now. */
  look(): void;
  /** Removes a key that is at this revision, and tells whether it was. */
  remove(key: string, revision: number): Promise<boolean>;
  watch(signal: AbortSignal): AsyncIterable<StoreChange>;
  /** Calls back when the way to it is open again after it was not. Returns how to stop that. */
  onBack(listener: () => void): () => void;
  /** Forgets the traces of keys that were removed long ago. */
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
