/**
 * Entries that all registries of a cluster share, in two buckets of NATS:
 *
 * - instances: under each instance's id what it registered, or for a minute how it went. Written with every change.
 * - renewals: under each registry's id the signs of life it heard, once a second in one piece, however many instances
 *   there are; kept in memory only.
 *
 * 1. What happened is told in the bucket's order and from the bucket alone, own changes included, so that every
 *    registry tells the same story under the same revisions.
 * 2. An entry is removed only at the revision that was judged dead: an instance that registered anew meanwhile stays.
 */
import { type Position, type Renewal, RenewRequest, StoredEntry } from "@tutti/contracts/registry/v1";
import {
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  type Logger,
  sleep,
  type Timer,
} from "@tutti/kernel";
import { type Bucket, type BucketChange, type NatsConnection, openBucket } from "@tutti/nats";
import type { Farewell, Registration } from "../directory/entry.ts";
import { RevisionGate } from "./revision-gate.ts";
import type { Store, StoreListener } from "./store.ts";

export interface NatsStoreOptions {
  readonly connection: NatsConnection;
  readonly foundation: Foundation;
  /** Id of this registry process. */
  readonly registry: string;
  readonly replicas: number;
  /** How often signs of life are shared. */
  readonly shareMs?: number;
  /** How long it is remembered how an instance went. */
  readonly rememberGoneMs?: number;
}

export class NatsStore implements Store {
  readonly durable = true;
  readonly #options: Required<NatsStoreOptions>;
  readonly #logger: Logger;
  readonly #told = new RevisionGate();
  readonly #stopping = new AbortController();
  readonly #unshared = new Map<string, Renewal>();
  #instances: Bucket | undefined;
  #renewals: Bucket | undefined;
  #listener: StoreListener | undefined;
  #timers: Timer[] = [];
  #watching: Promise<unknown> = Promise.resolve();
  #sharing = false;
  #problem = "";

  constructor(options: NatsStoreOptions) {
    this.#options = { shareMs: 1_000, rememberGoneMs: 60_000, ...options };
    this.#logger = options.foundation.logger;
  }

  /** The bucket itself is the history: it goes on when registries come and go. */
  get history(): string {
    return `nats-${this.#instances?.name ?? ""}`;
  }

  async start(listener: StoreListener, signal: AbortSignal): Promise<void> {
    const { connection, foundation, replicas, shareMs, rememberGoneMs } = this.#options;
    this.#listener = listener;
    this.#instances = await openBucket(connection, { name: "tutti_registry_instances", replicas });
    this.#renewals = await openBucket(connection, {
      name: "tutti_registry_renewals",
      storage: "memory",
      replicas,
      ttlMs: 60_000,
    });
    const loaded = Promise.withResolvers<void>();
    const loops = [
      this.#follow(
        "instances",
        this.#instances,
        (change) => this.#stepped(change, loaded.resolve),
        () => listener.began(),
      ),
      this.#follow("renewals", this.#renewals, (change) => this.#heard(change)),
    ];
    this.#watching = Promise.all(loops);
    const given = Promise.withResolvers<never>();
    const giveUp = () => given.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await Promise.race([loaded.promise, given.promise]);
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    this.#timers = [
      foundation.timers.every(shareMs, () => void this.#share()),
      foundation.timers.every(rememberGoneMs, () => void this.#forgetGone()),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#stopping.abort();
    this.#told.close();
    await this.#watching;
  }

  health(): Health {
    return this.#problem === "" ? this.#options.connection.health() : degraded(this.#problem);
  }

  async put({ instance, leaseMs }: Registration): Promise<Position> {
    const entry: StoredEntry = { what: { $case: "put", value: { instance, leaseMs } } };
    const revision = await this.#bucket().put(instance.id, StoredEntry.encode(entry).finish());
    await this.#told.reached(revision);
    return { history: this.history, revision };
  }

  async remove({ instanceId, cause, reason }: Farewell, service: string, revision: number): Promise<boolean> {
    const entry: StoredEntry = {
      what: { $case: "removed", value: { instanceId, service, cause, reason } },
    };
    const written = await this.#bucket().update(instanceId, StoredEntry.encode(entry).finish(), revision);
    if (!written.written) return false;
    await this.#told.reached(written.revision);
    return true;
  }

  renewed(renewals: readonly Renewal[]): void {
    for (const renewal of renewals) this.#unshared.set(renewal.instanceId, renewal);
  }

  #bucket(): Bucket {
    if (this.#instances === undefined) throw new Error("the store is used before it was started");
    return this.#instances;
  }

  /** Follows a bucket for ever; when the watch itself breaks, begins again with everything there is. */
  async #follow(
    what: string,
    bucket: Bucket,
    take: (change: BucketChange) => void,
    begin = () => {},
  ): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        begin();
        for await (const change of bucket.watch({ signal })) {
          this.#problem = "";
          take(change);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#problem = `the ${what} cannot be followed: ${errorFromUnknown(error).message}`;
        this.#logger.warn("The registry's store cannot be followed; trying again", { bucket: what, error });
        await sleep(this.#options.foundation.timers, 1_000, signal).catch(() => {});
      }
    }
  }

  #stepped(change: BucketChange, loaded: () => void): void {
    if (change.kind === "snapshot-end") {
      this.#listener?.loaded();
      loaded();
    }
    if (change.kind !== "put") return;
    const { what } = StoredEntry.decode(change.value);
    if (what?.$case === "put" && what.value.instance !== undefined) {
      const { instance, leaseMs } = what.value;
      this.#listener?.stepped({ revision: change.revision, put: { instance, leaseMs } });
    } else if (what?.$case === "removed") {
      this.#listener?.stepped({ revision: change.revision, removed: what.value });
    }
    this.#told.advance(change.revision);
  }

  #heard(change: BucketChange): void {
    if (change.kind !== "put" || change.key === this.#options.registry) return;
    this.#listener?.renewed(RenewRequest.decode(change.value).renewals);
  }

  async #share(): Promise<void> {
    if (this.#sharing || this.#unshared.size === 0) return;
    this.#sharing = true;
    const renewals = [...this.#unshared.values()];
    this.#unshared.clear();
    try {
      const value = RenewRequest.encode({ renewals }).finish();
      await this.#renewals?.put(this.#options.registry, value);
    } catch (error) {
      this.#logger.debug("Signs of life could not be shared with other registries", { error });
    } finally {
      this.#sharing = false;
    }
  }

  /** Forgets how instances went, some time after they did. */
  async #forgetGone(): Promise<void> {
    const { foundation, rememberGoneMs } = this.#options;
    const bucket = this.#bucket();
    try {
      for (const { key, value, revision, writtenMs } of await bucket.entries()) {
        const gone = StoredEntry.decode(value).what?.$case === "removed";
        if (gone && writtenMs < foundation.clock.now() - rememberGoneMs) await bucket.delete(key, revision);
      }
      await bucket.compact(rememberGoneMs);
    } catch (error) {
      this.#logger.debug("Entries of instances that are gone could not be cleared", { error });
    }
  }
}
