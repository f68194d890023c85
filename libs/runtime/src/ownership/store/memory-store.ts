/**
 * The store in memory, with faults on demand. Simulations and tests of many processes share it, each through a view
 * that can be slow, disconnected or lose its answers.
 */
import { sleep, type Timers } from "@tutti/kernel";
import { ownershipErrors } from "../errors.ts";
import type { OwnershipStore, StoreChange, StoredValue } from "./port.ts";

/** Faults between one process and the store, read at every operation. */
export interface StoreFaults {
  /** Delay of each operation and each reported change. */
  delayMs: number;
  /**
   * `cut`: operations have no effect, and changes are reported after the repair. `silent`: changes are made, their
   * answers are lost.
   */
  failing: "no" | "cut" | "silent";
}

interface Entry {
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

/** The keys that all views show. */
export class SharedKeys {
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Set<() => void>();
  /** Revisions of renewals. A watch reports them at a look, or with the next change that is not a renewal. */
  readonly #renewals = new Set<number>();
  #log: Extract<StoreChange, { key: string }>[] = [];
  #revision = 0;
  /** Raised when everything was lost: watches from before cannot continue. */
  generation = 0;
  /** Number of operations by all views. */
  operations = 0;

  entry(key: string): Entry {
    return this.#entries.get(key) ?? { value: undefined, revision: 0 };
  }

  /** Returns the new revision of a key. Undefined if the key was at another revision. A removed key counts as at 0. */
  set(key: string, value: Uint8Array | undefined, expected: number, isRenewal = false): number | undefined {
    const entry = this.entry(key);
    const at = entry.value === undefined ? 0 : entry.revision;
    if (at !== expected) return undefined;
    const revision = ++this.#revision;
    this.#entries.set(key, { value, revision });
    this.#log.push(
      value === undefined ? { kind: "removed", key, revision } : { kind: "put", key, value, revision },
    );
    if (isRenewal) this.#renewals.add(revision);
    else this.wake();
    return revision;
  }

  /** Loses everything, as if its servers lost their disks. */
  lose(): void {
    this.#entries.clear();
    this.#log = [];
    this.#revision = 0;
    this.generation++;
    this.wake();
  }

  snapshot(): readonly StoreChange[] {
    const puts: Extract<StoreChange, { kind: "put" }>[] = [];
    for (const [key, { value, revision }] of this.#entries) {
      if (value !== undefined) puts.push({ kind: "put", key, value, revision });
    }
    return puts.sort((one, other) => one.revision - other.revision);
  }

  /** Number of changes since the start, or since the last loss. */
  get length(): number {
    return this.#log.length;
  }

  /**
   * Returns the changes that a watch must report now.
   * @param refreshedTo the length at its last look
   */
  since(position: number, refreshedTo: number): readonly StoreChange[] {
    const changes = this.#log.slice(position);
    if (position < refreshedTo) return changes;
    return changes.some(({ revision }) => !this.#renewals.has(revision)) ? changes : [];
  }

  /** Resolves at the next change, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#watchers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#watchers.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
  }

  wake(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Interval of the check whether a view is still disconnected. */
const reconnectCheckMs = 10;

/** One process's connection to the shared keys. */
export class MemoryOwnershipStore implements OwnershipStore {
  readonly faults: StoreFaults = { delayMs: 0, failing: "no" };
  readonly #keys: SharedKeys;
  readonly #timers: Timers;
  readonly #listeners = new Set<() => void>();
  #refreshedTo = 0;

  constructor(keys: SharedKeys, timers: Timers) {
    this.#keys = keys;
    this.#timers = timers;
  }

  async read(key: string): Promise<StoredValue | undefined> {
    await this.#arrive("reading", key);
    const { value, revision } = this.#keys.entry(key);
    return value && { value, revision };
  }

  async change(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    return this.#write(key, value, revision, false);
  }

  async renew(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    return this.#write(key, value, revision, true);
  }

  refresh(): void {
    this.#refreshedTo = this.#keys.length;
    this.#keys.wake();
  }

  async remove(key: string, revision: number): Promise<boolean> {
    await this.#arrive("removal", key);
    const removed = revision !== 0 && this.#keys.set(key, undefined, revision) !== undefined;
    this.#respond("removal", key);
    return removed;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoreChange, void> {
    await this.#arrive("watch", "everything");
    const { generation } = this.#keys;
    let position = this.#keys.length;
    yield* this.#keys.snapshot();
    yield { kind: "caught-up" };
    while (!signal.aborted) {
      await this.#pass(signal);
      if (signal.aborted) return;
      if (this.#keys.generation !== generation) throw unavailable("watch", "everything", "another store");
      const changes = this.#keys.since(position, this.#refreshedTo);
      position += changes.length;
      yield* changes;
      if (changes.length === 0) await this.#keys.next(signal);
    }
  }

  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the faults and notifies disconnected processes. */
  repair(): void {
    this.faults.failing = "no";
    for (const listener of [...this.#listeners]) listener();
  }

  async tidy(): Promise<void> {}

  async #write(key: string, value: Uint8Array, revision: number, isRenewal: boolean) {
    await this.#arrive("writing", key);
    const written = this.#keys.set(key, value, revision, isRenewal);
    this.#respond("writing", key);
    return written;
  }

  async #arrive(action: string, key: string): Promise<void> {
    this.#keys.operations++;
    const { delayMs, failing } = this.faults;
    if (delayMs > 0) await sleep(this.#timers, delayMs);
    if (failing === "cut") throw unavailable(action, key, "the connection is cut");
  }

  /** Delays changes by the configured time. */
  async #pass(signal: AbortSignal): Promise<void> {
    const { delayMs } = this.faults;
    const wait = sleep.bind(undefined, this.#timers);
    if (delayMs > 0) await wait(delayMs, signal).catch(() => undefined);
    while (this.faults.failing === "cut" && !signal.aborted) {
      await wait(reconnectCheckMs, signal).catch(() => undefined);
    }
  }

  #respond(action: string, key: string): void {
    if (this.faults.failing === "silent") throw unavailable(action, key, "no answer");
  }
}

function unavailable(action: string, key: string, reason: string): Error {
  return ownershipErrors.storeUnavailable({ operation: `${action} of ${key}`, reason });
}
