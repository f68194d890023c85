/**
 * A key-value bucket of NATS: each key has a value and a revision. Revisions grow over the whole bucket. A change of a
 * key passes the revision that its writer saw. If two writers saw the same revision, exactly one succeeds.
 *
 * Reads go to the leader of the bucket: a replica may answer with a value that is older than an own write.
 */
import { JetStreamApiError, StorageType, type StreamConfig } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { Empty, headers, type NatsConnection as NatsClient, nanos } from "@nats-io/transport-node";
import type { Refusal } from "@tutti/kernel";
import type { NatsConnection } from "../connection/nats-connection.ts";
import { natsErrors, wrongRevisionOf } from "../errors.ts";
import { OrderedReader } from "../streams/ordered-reader.ts";
import { checkFilter, checkKey, horizonKey, subjectOf } from "./keys.ts";
import { type Watch, type WatchOptions, watchBucket } from "./watch.ts";

export interface BucketOptions {
  /** A–Z a–z 0–9 - _ */
  readonly name: string;
  readonly description?: string;
  /** Replicas in the cluster: 1, 3 or 5. Default: 1. */
  readonly replicas?: number;
  /** Number of revisions kept per key. Default: 1. */
  readonly history?: number;
  /** Default: `file`. */
  readonly storage?: "file" | "memory";
  /** Entries that were not written for this long are removed, without a notification to watchers. Default: 0, never. */
  readonly ttlMs?: number;
}

export interface BucketEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
  /** Time of the write, by the server's clock. */
  readonly writtenMs: number;
}

/** Outcome of a conditional change: done, or refused because the key was not at the given revision. */
export type Written =
  | { readonly written: true; readonly revision: number }
  | { readonly written: false; readonly refusal: Refusal };

/**
 * Opens the bucket, and creates or updates it if necessary. With a signal it retries while no server answers, until the
 * signal is aborted.
 */
export async function openBucket(
  connection: NatsConnection,
  options: BucketOptions,
  signal?: AbortSignal,
): Promise<Bucket> {
  const operation = `opening of the bucket ${options.name}`;
  const ensure = (): Promise<void> => ensureBucket(connection, options, operation);
  if (signal === undefined) await connection.run(operation, ensure);
  else await connection.persist(operation, ensure, signal);
  return new Bucket(connection, options);
}

async function ensureBucket(
  connection: NatsConnection,
  options: BucketOptions,
  operation: string,
): Promise<void> {
  const manager = await connection.manager(operation);
  const desired = configurationOf(options);
  const found = await manager.streams.info(desired.name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  });
  if (found === undefined) {
    await new Kvm(connection.jetstream(operation)).create(options.name, creationOf(options));
    return;
  }
  if (found.config.storage !== desired.storage) {
    throw natsErrors.storageDiffers({
      name: `the bucket ${options.name}`,
      wanted: desired.storage,
      found: found.config.storage,
    });
  }
  const { name, storage, ...changeable } = desired;
  const { num_replicas, max_msgs_per_subject, max_age, description } = found.config;
  const present = { num_replicas, max_msgs_per_subject, max_age, description: description ?? "" };
  const differs = Object.entries(changeable).some(
    ([key, value]) => present[key as keyof typeof changeable] !== value,
  );
  if (!differs) return;
  // The server refuses a deduplication window that is longer than the life of the messages.
  const duplicate_window = Math.min(nanos(120_000), changeable.max_age || Number.POSITIVE_INFINITY);
  await manager.streams.update(name, { ...changeable, duplicate_window });
}

type BucketConfig = Pick<
  StreamConfig,
  "name" | "storage" | "num_replicas" | "max_msgs_per_subject" | "max_age" | "description"
>;

function configurationOf(options: BucketOptions): BucketConfig {
  return {
    name: `KV_${options.name}`,
    storage: options.storage === "memory" ? StorageType.Memory : StorageType.File,
    num_replicas: options.replicas ?? 1,
    max_msgs_per_subject: options.history ?? 1,
    max_age: nanos(options.ttlMs ?? 0),
    description: options.description ?? "",
  };
}

function creationOf(options: BucketOptions) {
  const { storage, num_replicas, max_msgs_per_subject, description } = configurationOf(options);
  return {
    storage,
    replicas: num_replicas,
    history: max_msgs_per_subject,
    ttl: options.ttlMs ?? 0,
    description: description ?? "",
    allow_direct: false,
  };
}

export class Bucket {
  readonly name: string;
  readonly #connection: NatsConnection;
  #kv: { readonly of: NatsClient; readonly kv: Promise<KV> } | undefined;

  /** Buckets are opened with `openBucket`. */
  constructor(connection: NatsConnection, options: BucketOptions) {
    this.name = options.name;
    this.#connection = connection;
  }

  /** Returns the entry of a key, or undefined if it does not exist or was deleted. */
  async get(key: string): Promise<BucketEntry | undefined> {
    const entry = await this.#run("reading", key, (kv) => kv.get(key));
    if (entry === null || entry.operation !== "PUT") return undefined;
    return { key, value: entry.value, revision: entry.revision, writtenMs: entry.created.getTime() };
  }

  /** Overwrites any former value. Resolves with the new revision. */
  put(key: string, value: Uint8Array): Promise<number> {
    return this.#run("writing", key, (kv) => kv.put(key, value));
  }

  /** Writes a key that does not exist, or was deleted. */
  create(key: string, value: Uint8Array): Promise<Written> {
    return this.#conditional("creation", key, 0, (kv) => kv.create(key, value));
  }

  /** Writes a key that is at this revision. */
  update(key: string, value: Uint8Array, revision: number): Promise<Written> {
    return this.#conditional("update", key, revision, (kv) => kv.update(key, value, revision));
  }

  /** Deletes a key that is at this revision. The deletion has its own revision. */
  delete(key: string, revision: number): Promise<Written> {
    return this.#conditional("deletion", key, revision, async () => {
      // Written directly, because the library does not return the revision.
      const marker = headers();
      marker.set("KV-Operation", "DEL");
      const client = this.#connection.jetstream("deletion");
      const expect = { lastSubjectSequence: revision };
      return (await client.publish(subjectOf(this.name, key), Empty, { headers: marker, expect })).seq;
    });
  }

  /**
   * Returns all entries, or those whose key matches the filter (`*` one segment, `>` the rest), in order of revision.
   */
  async entries(filter = ">"): Promise<BucketEntry[]> {
    const entries = new Map<string, BucketEntry>();
    for await (const change of this.watch({ filter })) {
      if (change.kind === "snapshot-end") break;
      // A later revision of a key goes to the end.
      entries.delete(change.key);
      if (change.kind === "put") entries.set(change.key, change);
    }
    return [...entries.values()];
  }

  async keys(filter = ">"): Promise<string[]> {
    return (await this.entries(filter)).map((entry) => entry.key);
  }

  /**
   * Returns the present content, a mark at its end, then every later change. Or, from a revision on, every change
   * since. Nothing is left out or repeated, even after lost connections.
   */
  watch(options: WatchOptions = {}): Watch {
    for (const filter of [options.filter ?? ">", options.seldom ?? ">"].flat()) checkFilter(filter);
    return watchBucket(options, {
      bucket: this.name,
      horizon: () => this.#horizon(),
      pause: (failures) => this.#connection.pause(failures),
      read: (handlers) =>
        new OrderedReader({ connection: this.#connection, stream: `KV_${this.name}`, ...handlers }),
    });
  }

  /**
   * Removes the markers of keys that were deleted at least this long ago. Otherwise they stay for watchers that resume.
   * A watch that resumes from before that gets an error. Resolves with the number of removed markers.
   */
  async compact(olderThanMs: number): Promise<number> {
    const deletedByMs = this.#connection.foundation.clock.now() - olderThanMs;
    const deleted: { key: string; revision: number }[] = [];
    for await (const change of this.watch()) {
      if (change.kind === "snapshot-end") break;
      if (change.kind === "delete" && change.writtenMs <= deletedByMs) deleted.push(change);
    }
    const horizon = deleted.reduce((highest, { revision }) => Math.max(highest, revision), 0);
    if (horizon === 0) return 0;
    // The horizon first, then the purge: a watch that missed a marker finds the horizon.
    await this.put(horizonKey, new TextEncoder().encode(String(Math.max(horizon, await this.#horizon()))));
    const operation = `clearing of the bucket ${this.name}`;
    await this.#connection.run(operation, async () => {
      const manager = await this.#connection.manager(operation);
      for (const { key, revision } of deleted) {
        // Only the marker itself: the key may have been written again.
        await manager.streams.purge(`KV_${this.name}`, {
          filter: subjectOf(this.name, key),
          seq: revision + 1,
        });
      }
    });
    return deleted.length;
  }

  /** Deletions up to this revision may be missing. */
  async #horizon(): Promise<number> {
    const entry = await this.get(horizonKey);
    return entry === undefined ? 0 : Number(new TextDecoder().decode(entry.value));
  }

  async #conditional(
    action: string,
    key: string,
    expected: number,
    work: (kv: KV) => Promise<number>,
  ): Promise<Written> {
    return this.#run(action, key, async (kv): Promise<Written> => {
      try {
        return { written: true, revision: await work(kv) };
      } catch (error) {
        const wrong = wrongRevisionOf(error);
        if (wrong === undefined) throw error;
        const named = `${key} in the bucket ${this.name}`;
        const refusal = natsErrors.wrongRevision.refusal({ key: named, expected, found: wrong.found });
        return { written: false, refusal };
      }
    });
  }

  #run<T>(action: string, key: string, work: (kv: KV) => Promise<T>): Promise<T> {
    checkKey(key);
    const operation = `${action} of ${key} in the bucket ${this.name}`;
    return this.#connection.run(operation, async () => work(await this.#open(operation)));
  }

  /** Returns the library's view of the bucket, one for each client. */
  #open(operation: string): Promise<KV> {
    const client = this.#connection.client(operation);
    if (this.#kv?.of !== client) {
      const kvm = new Kvm(this.#connection.jetstream(operation));
      this.#kv = { of: client, kv: kvm.open(this.name, { allow_direct: false }) };
    }
    return this.#kv.kv;
  }
}
