/**
 * Registers the services of this process, as long as it serves them.
 *
 * 1. An entry is renewed three times within its lease. An entry unknown to the registry is registered again.
 * 2. While the registry is unavailable it continues trying. Nothing else depends on it.
 * 3. Before the process stops taking calls its entries are removed, so that no call fails.
 */
import { type Health, HealthState, type Offer, type registryService } from "@tutti/contracts/registry/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import {
  backoffMs,
  type Component,
  type Health as ComponentHealth,
  degraded,
  errorFromUnknown,
  type Foundation,
  healthy,
  IdSource,
  type Timer,
} from "@tutti/kernel";
import type { Client } from "../client/types.ts";
import type { Instance } from "./discovery.ts";
import { HostGauge } from "./host-figures.ts";

export interface AnnouncerOptions {
  readonly foundation: Foundation;
  /** Returns a client for the registry. Called at the start. */
  readonly registry: () => Client<typeof registryService>;
  /** The announced data: the services of this process, and its number of running calls. */
  readonly mesh: {
    readonly instances: readonly Instance[];
    readonly server: { readonly load: { readonly calls: number; readonly streams: number } };
  };
  /** Version of the software. */
  readonly version: string;
  /** Labels for the selection of instances: `zone`, `rack`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Returns the HTTP address of health, status and metrics, once it is known. */
  readonly operationsAddress?: () => string;
  /** Returns the health of a service. Default: ready. */
  readonly healthOf?: (service: string) => Health;
  readonly leaseMs?: number;
}

/** An orchestrator without rpcs. */
export interface Listed {
  /** Version of the orchestrator. */
  readonly version: string;
  readonly healthOf: () => Health;
}

const firstRetryMs = 250;
/** Maximum wait for the registry during a stop. */
const farewellMs = 500;
const ready: Health = { state: HealthState.HEALTH_STATE_READY, reason: "" };
const noOffers: readonly Offer[] = [];

export class Announcer implements Component {
  readonly #options: AnnouncerOptions;
  readonly #leaseMs: number;
  readonly #host: HostGauge;
  readonly #offers = new Map<string, readonly Offer[]>();
  /** Entries known to the registry: the address under each instance id. */
  readonly #registered = new Map<string, string>();
  readonly #more: (Instance & Listed)[] = [];
  #timer: Timer | undefined = undefined;
  #working: Promise<void> | undefined = undefined;
  #mustRepeat = false;
  #failures = 0;
  /** Requested time of the next renewal. */
  #renewAfterMs = 0;
  #problem = "";
  #over = true;
  /** Aborted soon after the drain starts: the drain does not wait for an unavailable registry. */
  readonly #stopping = new AbortController();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#host = new HostGauge(options.foundation.clock);
  }

  /** Ids of all announced instances of this process. */
  get ids(): string[] {
    return [...this.#options.mesh.instances, ...this.#more].map(({ id }) => id);
  }

  /** Starts to announce. Does not wait for the registry, which may start later than this process. */
  start(): void {
    this.#over = false;
    this.announce();
  }

  /** Announces an orchestrator of this process without rpcs, such as a user's: it is listed, and never called. */
  add(service: string, listed: Listed): void {
    const id = new IdSource(this.#options.foundation).newId("inst");
    this.#more.push({ id, service, address: "", draining: false, ...listed });
    this.announce();
  }

  /** Sets the offers of a service of this process from now on. */
  offer(service: string, offers: readonly Offer[]): void {
    this.#offers.set(service, offers);
    const instance = this.#options.mesh.instances.find((candidate) => candidate.service === service);
    if (instance !== undefined) this.#registered.delete(instance.id);
    this.announce();
  }

  /** Registers everything again, as after the registry has lost its memory. */
  register(): void {
    this.#registered.clear();
    this.announce();
  }

  /** Updates the registry now. */
  announce(): void {
    if (this.#over) return;
    if (this.#working !== undefined) {
      this.#mustRepeat = true;
      return;
    }
    this.#timer?.cancel();
    this.#working = this.#send().finally(() => {
      this.#working = undefined;
      if (this.#over) return;
      if (this.#mustRepeat) {
        this.#mustRepeat = false;
        this.announce();
        return;
      }
      this.#timer = this.#options.foundation.timers.after(this.#pauseMs(), () => this.announce());
    });
  }

  async drain(signal?: AbortSignal): Promise<void> {
    this.#over = true;
    this.#timer?.cancel();
    const patience = this.#options.foundation.timers.after(farewellMs, () => this.#stopping.abort());
    await this.#working;
    patience.cancel();
    const registry = this.#options.registry();
    const leaving = [...this.#registered.keys()].map((instanceId) =>
      registry.deregister({ instanceId, reason: "drained" }, { timeoutMs: 2_000, signal }),
    );
    this.#registered.clear();
    for (const { status, ...outcome } of await Promise.allSettled(leaving)) {
      // The lease expires by itself.
      if (status === "rejected")
        this.#options.foundation.logger.debug("failed to deregister", { ...outcome });
    }
  }

  async stop(signal?: AbortSignal): Promise<void> {
    await this.drain(signal);
  }

  health(): ComponentHealth {
    if (this.#problem === "") return { ...healthy, details: { instances: this.#registered.size } };
    return degraded(`the registry has no entry of this process (${this.#problem}): retrying`);
  }

  #pauseMs(): number {
    const everyMs = this.#leaseMs / 3;
    // A renewal slightly later than a third of the lease is acceptable, a much later one is not.
    if (this.#failures === 0) return Math.min(this.#renewAfterMs || everyMs, 1.5 * everyMs);
    const { chance } = this.#options.foundation;
    return backoffMs({ firstMs: firstRetryMs, maxMs: everyMs }, this.#failures, chance);
  }

  async #send(): Promise<void> {
    const { logger } = this.#options.foundation;
    try {
      const host = this.#host.read();
      const instances = [...this.#options.mesh.instances, ...this.#more];
      await this.#renew(instances, host);
      const missing = instances.filter(({ id, address }) => this.#registered.get(id) !== address);
      await Promise.all(missing.map((instance) => this.#register(instance, host)));
      if (this.#problem !== "") logger.info("registered again");
      this.#problem = "";
      this.#failures = 0;
    } catch (thrown) {
      if (this.#stopping.signal.aborted) return;
      const error = errorFromUnknown(thrown);
      if (this.#problem === "") logger.warn("failed to register", { error });
      this.#problem = error.message;
      this.#failures++;
    }
  }

  async #renew(instances: readonly Instance[], host: HostFigures): Promise<void> {
    const known = instances.filter(({ id }) => this.#registered.has(id));
    if (known.length === 0) return;
    const load = this.#load();
    const renewals = known.map((instance) => ({
      instanceId: instance.id,
      health: this.#healthOf(instance),
      load,
      host,
    }));
    const { unknownInstanceIds, renewAfterMs } = await this.#options
      .registry()
      .renew({ renewals }, this.#callOptions());
    this.#renewAfterMs = renewAfterMs;
    for (const id of unknownInstanceIds) this.#registered.delete(id);
  }

  async #register(announced: Instance | (Instance & Listed), host: HostFigures): Promise<void> {
    const { id, service, address } = announced;
    const { registry, labels = {}, operationsAddress } = this.#options;
    const { version } = "version" in announced ? announced : this.#options;
    const offers = this.#offers.get(service) ?? noOffers;
    const instance = {
      id,
      service,
      address,
      operationsAddress: operationsAddress?.() ?? "",
      version,
      labels: { ...labels },
      offers: [...offers],
      health: this.#healthOf(announced),
      load: this.#load(),
      host,
      registerTime: undefined,
      renewTime: undefined,
      revision: 0,
      openBreaker: "",
    };
    await registry().register({ instance, leaseMs: this.#leaseMs }, this.#callOptions());
    // If the offers have changed meanwhile, it is registered once more.
    if ((this.#offers.get(service) ?? noOffers) === offers) this.#registered.set(id, address);
  }

  #callOptions() {
    return { timeoutMs: this.#leaseMs / 3, signal: this.#stopping.signal };
  }

  #healthOf({ id, service }: Instance): Health {
    const added = this.#more.find((entry) => entry.id === id);
    if (added !== undefined) return added.healthOf();
    return this.#options.healthOf?.(service) ?? ready;
  }

  #load() {
    const { calls, streams } = this.#options.mesh.server.load;
    return { inFlight: calls + streams, queued: 0, utilization: 0 };
  }
}
