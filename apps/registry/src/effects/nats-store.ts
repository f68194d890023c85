/**
 * Entries that all registries of a cluster share, in a NATS bucket by instance id: the registration, or for a
 * minute the reason of the removal. Written with every change. Heartbeats are shared separately.
 *
 * 1. Changes are reported in the bucket's order and from the bucket alone, own changes included. So every
 *    registry has the same history under the same revisions.
 * 2. An entry is replaced or removed only at the revision that was read: an instance that registered again
 *    meanwhile stays unchanged.
 * 3. A recreated bucket is another history: its revisions restart.
 */
import { type Position, RemovalCause, type Renewal, StoredEntry } from "@tutti/contracts/registry/v1";
import { degraded, type Foundation, type Health, healthy, type Timer } from "@tutti/kernel";
import { type BucketChange, FollowedBucket, type NatsConnection, type Written } from "@tutti/nats";
import type { Registration, Removal, Step } from "../directory/entry.ts";
import { registryErrors } from "../errors.ts";
import { RevisionGate } from "./revision-gate.ts";
import { SharedRenewals } from "./shared-renewals.ts";
import type { Store, StoreListener } from "./store.ts";

export interface NatsStoreOptions {
  readonly connection: NatsConnection;
  readonly foundation: Foundation;
  /** Id of this registry process. */
  readonly registry: string;
  readonly replicas: number;
  /** Interval of sharing heartbeats. Default 500. */
  readonly shareMs?: number;
  /** How long the reason of a removal is stored. Default 60,000. */
  readonly rememberRemovedMs?: number;
}

const bucketName = "tutti_registry_instances";

export class NatsStore implements Store {
  readonly #options: Required<NatsStoreOptions>;
  readonly #instances: FollowedBucket;
  readonly #renewals: SharedRenewals;
  readonly #revisions = new RevisionGate();
  readonly #loaded = Promise.withResolvers<void>();
  #listener: StoreListener | undefined;
  #history = "";
  #forgetting: Timer | undefined;

  constructor(options: NatsStoreOptions) {
    const resolved = { shareMs: 500, rememberRemovedMs: 60_000, ...options };
    this.#options = resolved;
    this.#instances = new FollowedBucket({
      ...resolved,
      bucket: { name: bucketName, replicas: resolved.replicas },
      loading: registryErrors.loading,
      started: (created) => this.#historyStarted(created),
      changed: (change) => this.#changed(change),
    });
    this.#renewals = new SharedRenewals({
      ...resolved,
      onRenewed: (renewals) => this.#listener?.renewed(renewals),
    });
  }

  get latenessMs(): number {
    return this.#renewals.latenessMs;
  }

  async start(listener: StoreListener, signal: AbortSignal): Promise<void> {
    const { foundation, rememberRemovedMs } = this.#options;
    this.#listener = listener;
    try {
      await this.#instances.start(signal);
      await this.#renewals.start(signal);
      await Promise.race([this.#loaded.promise, aborted(signal)]);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#forgetting = foundation.timers.every(rememberRemovedMs, () => void this.#forgetRemoved());
  }

  async stop(): Promise<void> {
    this.#forgetting?.cancel();
    this.#revisions.close();
    await Promise.all([this.#instances.stop(), this.#renewals.stop()]);
  }

  health(): Health {
    const { problem } = this.#instances;
    if (problem !== "") return degraded(problem);
    const parts = [this.#options.connection.health(), this.#renewals.health()];
    return parts.find(({ level }) => level !== "healthy") ?? healthy;
  }

  async put({ instance, leaseMs }: Registration): Promise<Position> {
    const { bucket } = this.#instances;
    const { id } = instance;
    return this.#reached(id, await bucket.put(keyOf(id), putBytes({ instance, leaseMs })));
  }

  async replace({ instance, leaseMs }: Registration, revision: number): Promise<Position | undefined> {
    const { bucket } = this.#instances;
    const { id } = instance;
    return this.#written(id, await bucket.update(keyOf(id), putBytes({ instance, leaseMs }), revision));
  }

  async remove(farewell: Removal, service: string, revision: number): Promise<Position | undefined> {
    const { instanceId: id } = farewell;
    const what: StoredEntry["what"] = { $case: "removed", value: { ...farewell, service } };
    const { bucket } = this.#instances;
    return this.#written(id, await bucket.update(keyOf(id), StoredEntry.encode({ what }).finish(), revision));
  }

  async caughtUp(instanceId: string): Promise<void> {
    for (;;) {
      const entry = await this.#instances.bucket.get(keyOf(instanceId));
      // Repeated if it was written again in between: that change is reported later than others.
      if (entry === undefined || (await this.#revisions.reached(entry.revision))) return;
    }
  }

  renewed(renewals: readonly Renewal[]): void {
    this.#renewals.add(renewals);
  }

  async #written(instanceId: string, written: Written): Promise<Position | undefined> {
    if (written.written) return this.#reached(instanceId, written.revision);
    // The conflicting entry has to be known here before the caller checks again.
    await this.caughtUp(instanceId);
    return undefined;
  }

  async #reached(instanceId: string, revision: number): Promise<Position> {
    if (!(await this.#revisions.reached(revision))) await this.caughtUp(instanceId);
    return { history: this.#history, revision };
  }

  #historyStarted(created: string): void {
    const name = `${bucketName}@${created}`;
    if (name !== this.#history) this.#revisions.restart();
    this.#history = name;
    this.#listener?.historyStarted({ name, startMs: Date.parse(created) });
  }

  #changed(change: BucketChange): void {
    if (change.kind === "snapshot-end") {
      this.#listener?.loaded();
      this.#loaded.resolve();
      return;
    }
    try {
      const step = stepOf(change);
      if (step !== undefined) this.#listener?.stepped(step);
    } finally {
      // Also after an unreadable entry: a caller may wait for a later one.
      this.#revisions.advance(change.revision);
    }
  }

  /** Deletes reasons of removals after their time. */
  async #forgetRemoved(): Promise<void> {
    const { foundation, rememberRemovedMs } = this.#options;
    const { bucket } = this.#instances;
    try {
      for (const { key, value, revision, writtenMs } of await bucket.entries()) {
        if (isRemoval(value) && writtenMs < foundation.clock.now() - rememberRemovedMs)
          await bucket.delete(key, revision);
      }
      await bucket.compact(rememberRemovedMs);
    } catch (error) {
      foundation.logger.debug("failed to clear entries of lost instances", { error });
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function isRemoval(value: Uint8Array): boolean {
  try {
    return StoredEntry.decode(value).what?.$case === "removed";
  } catch {
    // Reported when it was read. Other entries must not be deleted here.
    return false;
  }
}

function putBytes(value: Registration): Uint8Array {
  return StoredEntry.encode({ what: { $case: "put", value } }).finish();
}

function stepOf(change: Exclude<BucketChange, { readonly kind: "snapshot-end" }>): Step | undefined {
  const { revision } = change;
  // The deleted reason of a removal. Or an entry that was deleted by hand.
  if (change.kind === "delete") return { revision, removed: { ...cleared, instanceId: idOf(change.key) } };
  const { what } = StoredEntry.decode(change.value);
  if (what?.$case === "removed") return { revision, removed: what.value };
  if (what?.$case !== "put" || what.value.instance === undefined) return undefined;
  return { revision, put: { instance: what.value.instance, leaseMs: what.value.leaseMs } };
}

const cleared = {
  cause: RemovalCause.REMOVAL_CAUSE_UNSPECIFIED,
  reason: "its entry was deleted from the store",
};

// A key must not have two dots in a row, an id may. An equals sign is possible only in keys.
function keyOf(id: string): string {
  return id.replaceAll(".", "=");
}

function idOf(key: string): string {
  return key.replaceAll("=", ".");
}
