/**
 * The targets of all services this process calls: one per instance, synchronised with discovery.
 *
 * 1. While an instance is known it is one target: its breaker, latency and connection outlive changes around it.
 * 2. An instance that is no longer known gets no new calls. Its running calls continue.
 */
import type { Counter, Gauge, Metrics } from "@tutti/kernel";
import type { Discovery, Instance } from "../discovery/discovery.ts";
import { meshErrors } from "../errors.ts";
import { Breaker, type BreakerClock, type BreakerState } from "../interceptors/breaker.ts";
import type { Link } from "../transport/link.ts";
import { Target } from "./target.ts";

/** Numbers for the targets of a service, reused when one goes: they are labels of metrics, so they must be bounded. */
class Slots {
  readonly #max: number;
  readonly #used = new Map<string, Set<number>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns the lowest free number. Undefined if all are taken. */
  acquire(service: string): number | undefined {
    const used = this.#used.get(service) ?? new Set();
    this.#used.set(service, used);
    for (let slot = 0; slot < this.#max; slot++) {
      if (used.has(slot)) continue;
      used.add(slot);
      return slot;
    }
    return undefined;
  }

  free(service: string, slot: number | undefined): void {
    if (slot !== undefined) this.#used.get(service)?.delete(slot);
  }
}

const slotsMax = 32;
const breakerValues: Record<BreakerState, number> = { closed: 0, "half-open": 1, open: 2 };

interface ServiceTargets {
  /** The array from discovery. Another array means that something changed. */
  instances: readonly Instance[];
  targets: readonly Target[];
  readonly byKey: Map<string, { readonly target: Target; readonly slot: number | undefined }>;
  readonly unwatch: () => void;
}

export type BreakerListener = (instance: Instance, state: BreakerState) => void;

export interface TargetPoolParts {
  readonly discovery: Discovery;
  readonly breakers: BreakerClock;
  readonly metrics: Metrics;
  /** Creates the link to an instance. */
  readonly link: (instance: Instance) => Link;
  /** Resolves when `link` can be called for these instances. Undefined if it can already. */
  readonly prepare: (instances: readonly Instance[]) => Promise<void> | undefined;
}

export class TargetPool {
  readonly #parts: TargetPoolParts;
  readonly #services = new Map<string, ServiceTargets>();
  readonly #slots = new Slots(slotsMax);
  readonly #state: Gauge<"service" | "slot">;
  readonly #opened: Counter<"service">;
  #stopped = false;
  #listener: BreakerListener = () => {};

  constructor(parts: TargetPoolParts) {
    this.#parts = parts;
    this.#state = parts.metrics.gauge({
      name: "tutti_mesh_breaker_state",
      help: `State of the breaker towards an instance: 0 closed, 1 half-open, 2 open. The first ${slotsMax} instances of a service have a slot.`,
      labels: ["service", "slot"],
    });
    this.#opened = parts.metrics.counter({
      name: "tutti_mesh_breaker_opened_total",
      help: "Times a circuit breaker to an instance of the service opened.",
      labels: ["service"],
    });
  }

  /** Calls back when the breaker of an instance changes. Only the last listener is called. */
  onBreaker(listener: BreakerListener): void {
    this.#listener = listener;
  }

  /** Resolves when the service's instances can be called. Undefined if they can already. */
  prepare(service: string): Promise<void> | undefined {
    return this.#parts.prepare(this.#parts.discovery.instancesOf(service));
  }

  /** Returns the same array until something about the service's instances changes. Call only when prepared. */
  targetsOf(service: string): readonly Target[] {
    const known = this.#services.get(service) ?? this.#follow(service);
    const instances = this.#parts.discovery.instancesOf(service);
    if (instances !== known.instances) this.#update(service, known, instances);
    return known.targets;
  }

  /** Returns the target of the instance with this id, or at this address. */
  find(service: string, id: string, address: string): Target | undefined {
    const targets = this.targetsOf(service);
    const byId = targets.find((target) => target.instance.id === id);
    return byId ?? targets.find((target) => address !== "" && target.instance.address === address);
  }

  /**
   * Returns an instance that a refusal named and that discovery does not know yet. It is kept until discovery reports
   * something else.
   */
  async adopt(instance: Instance): Promise<Target> {
    await this.#parts.prepare([instance]);
    const known = this.#services.get(instance.service) ?? this.#follow(instance.service);
    return this.#targetOf(known, instance);
  }

  stop(): void {
    this.#stopped = true;
    for (const known of this.#services.values()) {
      known.unwatch();
      for (const { target } of known.byKey.values()) {
        target.breaker.stop();
        target.link.close();
      }
    }
    this.#services.clear();
  }

  #follow(service: string): ServiceTargets {
    if (this.#stopped) throw meshErrors.stopped({ service });
    const known: ServiceTargets = {
      instances: [],
      targets: [],
      byKey: new Map(),
      unwatch: this.#parts.discovery.watch(service, () => this.#changed(service)),
    };
    this.#services.set(service, known);
    return known;
  }

  /** Connects to new instances before the first call needs them. */
  #changed(service: string): void {
    const preparing = this.prepare(service);
    if (preparing === undefined) this.targetsOf(service);
    // If it fails, the next call reports the reason.
    else preparing.then(() => this.#services.has(service) && this.targetsOf(service)).catch(() => {});
  }

  #update(service: string, known: ServiceTargets, instances: readonly Instance[]): void {
    const removed = new Set(known.byKey.keys());
    known.instances = instances;
    known.targets = instances.map((instance) => {
      removed.delete(keyOf(instance));
      return this.#targetOf(known, instance);
    });
    for (const key of removed) this.#drop(service, known, key);
  }

  #targetOf(known: ServiceTargets, instance: Instance): Target {
    const key = keyOf(instance);
    const entry = known.byKey.get(key);
    if (entry !== undefined) {
      entry.target.instance = instance;
      return entry.target;
    }
    const { service } = instance;
    const slot = this.#slots.acquire(service);
    const gauge = slot === undefined ? undefined : this.#state.with({ service, slot: String(slot) });
    gauge?.set(breakerValues.closed);
    const breaker = new Breaker(this.#parts.breakers, (state) => {
      gauge?.set(breakerValues[state]);
      if (state === "open") this.#opened.with({ service }).add();
      this.#listener(instance, state);
    });
    const target = new Target(instance, this.#parts.link(instance), breaker);
    known.byKey.set(key, { target, slot });
    target.link.connect();
    return target;
  }

  #drop(service: string, known: ServiceTargets, key: string): void {
    const entry = known.byKey.get(key);
    if (entry === undefined) return;
    known.byKey.delete(key);
    if (entry.slot !== undefined) {
      this.#state.with({ service, slot: String(entry.slot) }).set(breakerValues.closed);
      this.#slots.free(service, entry.slot);
    }
    entry.target.breaker.stop();
    entry.target.link.close();
  }
}

function keyOf({ id, address }: Instance): string {
  return `${id} ${address}`;
}
