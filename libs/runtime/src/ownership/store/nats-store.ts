import { type Bucket, type NatsConnection, openBucket, type Watch } from "@tutti/nats";
import { decidedKeys, entryKeyOf, livingKeys } from "../table/entries.ts";
import type { OwnershipStore, StoreChange, StoredValue } from "./port.ts";

export interface NatsOwnershipStoreOptions {
  readonly connection: NatsConnection;
  /** Replicas in the cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Default `tutti-ownership`. */
  readonly bucket?: string;
}

const ownershipBucket = "tutti-ownership";
/** So long after the removal of a key, no watch resumes from before that removal. */
const tidyMs = 600_000;

/**
 * The store in a bucket of NATS, created on first use.
 *
 * Each process renews its lease several times a second. If each renewal were published at once, the others would wake
 * an idle process of a cluster of twelve forty times a second. So renewals are fetched by `poll`, all in one answer.
 * For other changes of these keys a message without a copy makes the others read the keys. A lost message costs the time
 * until they read next.
 */
export class NatsOwnershipStore implements OwnershipStore {
  readonly #options: NatsOwnershipStoreOptions;
  readonly #watches = new Set<Watch>();
  readonly #bell: string;
  #bucket: Promise<Bucket> | undefined;

  constructor(options: NatsOwnershipStoreOptions) {
    this.#options = options;
    this.#bell = `tutti.bell.${options.bucket ?? ownershipBucket}`;
  }

  async read(key: string): Promise<StoredValue | undefined> {
    return (await this.#open()).get(key);
  }

  async change(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    const written = await this.renew(key, value, revision);
    if (written !== undefined) this.#ring(key);
    return written;
  }

  async renew(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    const bucket = await this.#open();
    const written =
      revision === 0 ? await bucket.create(key, value) : await bucket.update(key, value, revision);
    return written.written ? written.revision : undefined;
  }

  async remove(key: string, revision: number): Promise<boolean> {
    const { written } = await (await this.#open()).delete(key, revision);
    if (written) this.#ring(key);
    return written;
  }

  refresh(): void {
    for (const watch of this.#watches) watch.poll();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoreChange, void> {
    const bucket = await this.#open();
    const watch = bucket.watch({ signal, filter: decidedKeys, seldom: livingKeys });
    const bell = this.#options.connection.subscribe(this.#bell, () => watch.poll());
    this.#watches.add(watch);
    try {
      for await (const change of watch) {
        const { revision } = change;
        if (change.kind === "snapshot-end") yield { kind: "caught-up" };
        else if (change.kind === "delete") yield { kind: "removed", key: change.key, revision };
        else yield { kind: "put", key: change.key, value: change.value, revision };
      }
    } finally {
      this.#watches.delete(watch);
      bell.close();
    }
  }

  onReconnect(listener: () => void): () => void {
    return this.#options.connection.onState(({ kind }) => {
      if (kind === "connected") listener();
    });
  }

  async tidy(): Promise<void> {
    await (await this.#open()).compact(tidyMs);
  }

  #ring(key: string): void {
    if (entryKeyOf(key)?.kind !== "process") return;
    try {
      this.#options.connection.client("bell").publish(this.#bell);
    } catch {
      // Not connected any more: the others look on their own schedule.
    }
  }

  /** If opening failed, the next caller tries again. */
  #open(): Promise<Bucket> {
    const { connection, replicas, bucket = ownershipBucket } = this.#options;
    this.#bucket ??= openBucket(connection, {
      name: bucket,
      description: "Running processes, and the owner of each partition.",
      replicas,
    }).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}
