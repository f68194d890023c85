/**
 * The bus within one process: the same behaviour as over NATS, with a log that lives as long as the process. An event
 * is the same object for all subscribers.
 */
import { type CounterCell, type Health, healthy, type Timer } from "@tutti/kernel";
import { publishedCounter } from "../delivery/metrics.ts";
import { resolveSubscription } from "../delivery/options.ts";
import { type BusPorts, busPorts } from "../delivery/ports.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import { busErrors } from "../errors.ts";
import { type BusEvent, checkedEvent, dedupIdOf, type EventInput } from "../event/event.ts";
import { allNamespaces } from "../event/pattern.ts";
import { type Position, placeOf, positionOf } from "../event/position.ts";
import type { Bus, Gap, Start, SubscribeOptions, Subscription } from "../port.ts";
import { Cursor } from "./cursor.ts";
import { MemoryLog, type Retention } from "./log.ts";
import { DurableSubscriber, LiveSubscriber, type MemorySource } from "./subscribers.ts";

export interface MemoryBusOptions {
  readonly retention?: Partial<Retention>;
  /** How long a repeated publication is recognised. Default: two minutes. */
  readonly dedupWindowMs?: number;
  /** Ports. Defaults: the system's own, with silent logs and metrics. */
  readonly foundation?: Partial<BusPorts>;
}

const defaultRetention: Retention = { eventsMax: 100_000, bytesMax: 64 * 1_048_576, ageMaxMs: 3_600_000 };
/** Interval of the check for expired events if nothing is published. */
const retainEveryMs = 60_000;

export class MemoryBus implements Bus {
  readonly #ports: BusPorts;
  readonly #log: MemoryLog;
  readonly #logId: string;
  readonly #dedupWindowMs: number;
  /** When each event id was first seen, oldest first. */
  readonly #firstSeenMs = new Map<string, number>();
  readonly #cursors = new Map<string, Cursor>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #live = new Set<LiveSubscriber>();
  readonly #published: CounterCell;
  #retaining: Timer | undefined;
  #stopped = false;

  constructor(options: MemoryBusOptions = {}) {
    this.#ports = busPorts(options.foundation);
    this.#log = new MemoryLog({ ...defaultRetention, ...options.retention });
    this.#dedupWindowMs = options.dedupWindowMs ?? 120_000;
    this.#logId = Buffer.from(this.#ports.chance.fill(new Uint8Array(6))).toString("hex");
    this.#published = publishedCounter(this.#ports.metrics);
  }

  start(): void {
    this.#retaining ??= this.#ports.timers.every(retainEveryMs, () =>
      this.#log.retain(this.#ports.clock.monotonic()),
    );
  }

  /** Waits for the running handlers. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#subscribers].map((subscriber) => subscriber.close(signal)));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#retaining?.cancel();
    await this.drain(signal);
  }

  health(): Health {
    return healthy;
  }

  async publish(events: readonly EventInput[]): Promise<void> {
    if (this.#stopped) throw busErrors.stopped({ operation: "publication" });
    const checked = events.map(checkedEvent);
    for (const event of checked) this.#append(event);
    for (const cursor of this.#cursors.values()) cursor.wake();
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.#stopped) throw busErrors.stopped({ operation: "subscription" });
    const subscription = resolveSubscription(options);
    const source = this.#source();
    if (subscription.durable === undefined) {
      const { next, gap } = this.#startOf(subscription.start);
      const live = new LiveSubscriber(subscription, source, next, gap);
      this.#live.add(live);
      this.#subscribers.add(live);
      return live;
    }
    const member = new DurableSubscriber(
      subscription,
      source,
      this.#cursor(subscription.durable, subscription.interest.namespace, subscription.start),
    );
    this.#subscribers.add(member);
    return member;
  }

  async tail(): Promise<Position> {
    return positionOf(this.#logId, this.#log.last);
  }

  async removeCursor(durable: string, namespace: string = allNamespaces): Promise<boolean> {
    const key = cursorKey(durable, namespace);
    const cursor = this.#cursors.get(key);
    if (cursor === undefined) return false;
    this.#cursors.delete(key);
    await Promise.all([...cursor.members].map((member) => member.close()));
    return true;
  }

  #append(event: BusEvent): void {
    const now = this.#ports.clock.monotonic();
    if (this.#isRepeated(dedupIdOf(event), now)) return;
    const sequence = this.#log.append(event, now);
    this.#published.add();
    for (const live of this.#live) live.published(event, sequence);
  }

  #isRepeated(id: string, now: number): boolean {
    for (const [oldest, atMs] of this.#firstSeenMs) {
      if (now - atMs <= this.#dedupWindowMs) break;
      this.#firstSeenMs.delete(oldest);
    }
    if (this.#firstSeenMs.has(id)) return true;
    this.#firstSeenMs.set(id, now);
    return false;
  }

  #source(): MemorySource {
    return {
      logId: this.#logId,
      log: this.#log,
      ports: this.#ports,
      publish: (event) => this.#publishOwn(event),
      onClosed: (subscriber) => this.#removeSubscriber(subscriber),
    };
  }

  #cursor(durable: string, namespace: string, start: Start): Cursor {
    const key = cursorKey(durable, namespace);
    const known = this.#cursors.get(key);
    if (known !== undefined) return known;
    const { next, gap } = this.#startOf(start);
    const cursor = new Cursor(this.#logId, this.#log, next);
    if (gap !== undefined) cursor.setGap(gap);
    this.#cursors.set(key, cursor);
    return cursor;
  }

  #startOf(start: Start): { readonly next: number; readonly gap: Gap | undefined } {
    if (start === "new") return { next: this.#log.last + 1, gap: undefined };
    if (start === "first") return { next: this.#log.first, gap: undefined };
    const place = placeOf(start.after);
    if (place === undefined || place.log !== this.#logId || place.sequence > this.#log.last) {
      return { next: this.#log.first, gap: { reason: "reset", count: undefined } };
    }
    return { next: place.sequence + 1, gap: undefined };
  }

  async #publishOwn(event: EventInput): Promise<void> {
    if (!this.#stopped) await this.publish([event]);
  }

  #removeSubscriber(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (subscriber instanceof LiveSubscriber) this.#live.delete(subscriber);
  }
}

function cursorKey(durable: string, namespace: string): string {
  return `${durable} ${namespace}`;
}
