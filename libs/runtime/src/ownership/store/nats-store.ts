import { type Bucket, type NatsConnection, openBucket } from "@tutti/nats";
import type { OwnershipStore, StoreChange, StoredValue } from "./port.ts";

export interface NatsOwnershipStoreOptions {
  readonly connection: NatsConnection;
  /** Copies in the cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Default `tutti-ownership`. */
  readonly bucket?: string;
}

/** Long after a key was removed no watch resumes from before that any more. */
const tidyMs = 600_000;

/** The store in a bucket of NATS, which is made when it is first needed. */
export class NatsOwnershipStore implements OwnershipStore {
  readonly #options: NatsOwnershipStoreOptions;
  #bucket: Promise<Bucket> | undefined;

  constructor(options: NatsOwnershipStoreOptions) {
    this.#options = options;
  }

  async read(key: string): Promise<StoredValue | undefined> {
    return (await this.#open()).get(key);
  }

  async change(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    const bucket = await this.#open();
    const written =
      revision === 0 ? await bucket.create(key, value) : await bucket.update(key, value, revision);
    return written.written ? written.revision : undefined;
  }

  async remove(key: string, revision: number): Promise<boolean> {
    return (await (await this.#open()).delete(key, revision)).written;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoreChange, void> {
    const bucket = await this.#open();
    for await (const change of bucket.watch({ signal })) {
      const { revision } = change;
      if (change.kind === "snapshot-end") yield { kind: "caught-up" };
      else if (change.kind === "delete") yield { kind: "removed", key: change.key, revision };
      else yield { kind: "put", key: change.key, value: change.value, revision };
    }
  }

  onBack(listener: () => void): () => void {
    return this.#options.connection.onState(({ kind }) => {
      if (kind === "connected") listener();
    });
  }

  async tidy(): Promise<void> {
    await (await this.#open()).compact(tidyMs);
  }

  /** One that could not be opened is tried again by the next caller. */
  #open(): Promise<Bucket> {
    const { connection, replicas, bucket = "tutti-ownership" } = this.#options;
    this.#bucket ??= openBucket(connection, {
      name: bucket,
      description: "Which processes are there, and who owns which partition.",
      replicas,
    }).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}
