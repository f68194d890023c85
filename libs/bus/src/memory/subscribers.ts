import type { TuttiError } from "@tutti/kernel";
import { abandonedEvent } from "../delivery/abandoned.ts";
import type { Handout } from "../delivery/dispatcher.ts";
import { LiveQueue } from "../delivery/live-queue.ts";
import type { ResolvedSubscription } from "../delivery/options.ts";
import type { BusPorts } from "../delivery/ports.ts";
import { Subscriber } from "../delivery/subscriber.ts";
import type { BusEvent, EventInput } from "../event/event.ts";
import { matcherOf } from "../event/pattern.ts";
import { positionOf } from "../event/position.ts";
import type { Gap } from "../port.ts";
import type { Cursor, Member } from "./cursor.ts";
import type { MemoryLog } from "./log.ts";

/** The part of a bus that a subscriber within the process needs. */
export interface MemorySource {
  readonly logId: string;
  readonly log: MemoryLog;
  readonly ports: BusPorts;
  /** Publishes an event of the bus itself. */
  readonly publish: (event: EventInput) => Promise<void>;
  readonly onClosed: (subscriber: Subscriber) => void;
}

/** A member of the group of a durable subscription. */
export class DurableSubscriber extends Subscriber implements Member {
  readonly #source: MemorySource;
  readonly #cursor: Cursor;

  constructor(subscription: ResolvedSubscription, source: MemorySource, cursor: Cursor) {
    super(subscription, source.ports);
    this.#source = source;
    this.#cursor = cursor;
    cursor.join(this, subscription);
  }

  get room(): number {
    return this.closing ? 0 : this.dispatcher.room;
  }

  deliver(handout: Handout): void {
    this.dispatcher.offer(handout);
  }

  override reportGap(gap: Gap): void {
    super.reportGap(gap);
  }

  protected onHandled(): void {
    this.#cursor.settled();
  }

  protected async onAbandoned(handout: Handout, attempts: number, error: TuttiError): Promise<void> {
    const { ports, publish: publishEvent } = this.#source;
    const event = abandonedEvent(this.subscription, handout, attempts, error, ports.clock.now());
    try {
      if (event !== undefined) await publishEvent(event);
    } finally {
      this.#cursor.settled();
    }
  }

  protected onRoom(): void {
    this.#cursor.wake();
  }

  protected async shutDown(signal: AbortSignal): Promise<void> {
    this.#cursor.removeMember(this, await this.dispatcher.stop(signal));
    this.#source.onClosed(this);
  }
}

/**
 * A live subscription: first the events of the log from its start on, at its own pace. Then each new event, as long as
 * it keeps up.
 */
export class LiveSubscriber extends Subscriber {
  readonly #source: MemorySource;
  readonly #queue: LiveQueue;
  readonly #matches: (event: BusEvent) => boolean;
  /** The number of the next event to read from the log. Undefined once events arrive without a read. */
  #next: number | undefined;
  #gap: Gap | undefined;

  constructor(subscription: ResolvedSubscription, source: MemorySource, next: number, gap: Gap | undefined) {
    super(subscription, source.ports);
    this.#source = source;
    this.#queue = new LiveQueue(subscription.bufferMax);
    this.#matches = matcherOf(subscription.interest);
    this.#next = next;
    this.#gap = gap;
    this.onRoom();
  }

  published(event: BusEvent, sequence: number): void {
    if (this.#next !== undefined || this.closing || !this.#matches(event)) return;
    this.#push(event, sequence);
    this.onRoom();
  }

  protected onHandled(): void {}

  protected onAbandoned(): void {}

  protected onRoom(): void {
    if (this.closing) return;
    this.#catchUp();
    while (this.dispatcher.room > 0) {
      const dropped = this.#queue.takeDropped();
      if (dropped > 0) this.reportGap({ reason: "slow", count: dropped });
      const handout = this.#queue.shift();
      if (handout === undefined) return;
      this.dispatcher.offer(handout);
      this.#catchUp();
    }
  }

  protected async shutDown(signal: AbortSignal): Promise<void> {
    await this.dispatcher.stop(signal);
    this.#source.onClosed(this);
  }

  #catchUp(): void {
    const { log } = this.#source;
    while (this.#next !== undefined && this.#queue.room > 0) {
      if (this.#next < log.first) {
        this.#gap ??= { reason: "retention", count: undefined };
        this.#next = log.first;
      }
      if (this.#gap !== undefined && this.#queue.size === 0) this.#reportStartGap(this.#gap);
      // The buffer is refilled when its content was delivered: the gap is reported between.
      if (this.#gap !== undefined) return;
      if (this.#next > log.last) {
        this.#next = undefined;
        return;
      }
      const sequence = this.#next++;
      const event = log.at(sequence);
      if (event !== undefined && this.#matches(event)) this.#push(event, sequence);
    }
  }

  #reportStartGap(gap: Gap): void {
    this.#gap = undefined;
    this.reportGap(gap);
  }

  #push(event: BusEvent, sequence: number): void {
    this.#queue.push({ event, sequence, position: positionOf(this.#source.logId, sequence), before: 0 });
  }
}
