/**
 * Heartbeats that the registries of a cluster share, in a memory bucket by registry id: all received ones, in
 * one periodic message for any number of instances.
 *
 * 1. Every registry sends at that rate, possibly an empty message, and receives its own messages like all
 *    others. A registry that does not receive its own may also miss others, and is degraded.
 * 2. A heartbeat at another registry arrives here within `latenessMs`, or this registry is degraded.
 */
import { type Renewal, RenewRequest } from "@tutti/contracts/registry/v1";
import { degraded, durationText, type Foundation, type Health, healthy, type Timer } from "@tutti/kernel";
import { type BucketChange, FollowedBucket, type NatsConnection } from "@tutti/nats";
import { registryErrors } from "../errors.ts";

export interface SharedRenewalsOptions {
  readonly connection: NatsConnection;
  readonly foundation: Foundation;
  /** Id of this registry process. */
  readonly registry: string;
  readonly replicas: number;
  /** Interval of sharing heartbeats. */
  readonly shareMs: number;
  /** Called with heartbeats of other registries. */
  readonly onRenewed: (renewals: readonly Renewal[]) => void;
}

/** Maximum of one entry: far below the limit of any server. */
const renewalsMax = 2_000;

export class SharedRenewals {
  readonly latenessMs: number;
  readonly #options: SharedRenewalsOptions;
  readonly #followed: FollowedBucket;
  readonly #unhealthyAfterMs: number;
  readonly #unshared = new Map<string, Renewal>();
  #timer: Timer | undefined;
  #sharing = false;
  #live = false;
  /** When this registry last received its own message. */
  #lastSeenMs = 0;

  constructor(options: SharedRenewalsOptions) {
    const { connection, foundation, replicas, shareMs } = options;
    this.#options = options;
    this.#unhealthyAfterMs = 2 * shareMs;
    // Silence that is not noticed yet, and heartbeats that the other registry has not shared yet.
    this.latenessMs = this.#unhealthyAfterMs + shareMs;
    this.#followed = new FollowedBucket({
      connection,
      foundation,
      bucket: { name: "tutti_registry_renewals", storage: "memory", replicas, ttlMs: 60_000 },
      loading: registryErrors.loading,
      started: () => {
        this.#live = false;
      },
      changed: (change) => this.#receive(change),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#options.foundation;
    await this.#followed.start(signal);
    this.#lastSeenMs = clock.monotonic();
    this.#timer = timers.every(this.#options.shareMs, () => void this.#share());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#followed.stop();
  }

  health(): Health {
    if (this.#followed.problem !== "") return degraded(this.#followed.problem);
    const silentMs = this.#options.foundation.clock.monotonic() - this.#lastSeenMs;
    if (silentMs <= this.#unhealthyAfterMs) return healthy;
    return degraded(`no message from the other registries for ${durationText(silentMs)}`);
  }

  /** Adds heartbeats to the next message. */
  add(renewals: readonly Renewal[]): void {
    for (const renewal of renewals) this.#unshared.set(renewal.instanceId, renewal);
  }

  #receive(change: BucketChange): void {
    if (change.kind === "snapshot-end") this.#live = true;
    // An earlier entry is old, and no heartbeat any more.
    if (change.kind !== "put" || !this.#live) return;
    const [registry] = change.key.split(".");
    if (registry === this.#options.registry) this.#lastSeenMs = this.#options.foundation.clock.monotonic();
    else this.#options.onRenewed(RenewRequest.decode(change.value).renewals);
  }

  async #share(): Promise<void> {
    if (this.#sharing) return;
    this.#sharing = true;
    const { registry, foundation } = this.#options;
    const renewals = [...this.#unshared.values()];
    this.#unshared.clear();
    try {
      for (let from = 0, part = 0; part === 0 || from < renewals.length; from += renewalsMax, part++) {
        const value = RenewRequest.encode({ renewals: renewals.slice(from, from + renewalsMax) }).finish();
        await this.#followed.bucket.put(`${registry}.${part}`, value);
      }
    } catch (error) {
      // Newer heartbeats follow. Only other registries miss these.
      foundation.logger.debug("failed to share heartbeats with other registries", { error });
    } finally {
      this.#sharing = false;
    }
  }
}
