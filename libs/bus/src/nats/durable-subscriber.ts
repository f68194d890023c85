/**
 * A member of the group of a durable subscription over NATS.
 *
 * 1. A delivered event is in hand until it is acknowledged, returned, or taken over by another member because this one
 *    was silent for `ackWaitMs`. While it is in hand, signs of work extend that time.
 * 2. An event that is in hand, or was handled a moment ago, is not handled again when it is redelivered. The redelivery
 *    means that an acknowledgement was lost, so the acknowledgement is sent again.
 * 3. Pauses between repetitions are measured here, not by the server, so that later events of the same lane can wait.
 */
import { type Timer, TuttiError } from "@tutti/kernel";
import { type Delivered, type NatsConnection, natsErrorOf, natsErrors, Puller } from "@tutti/nats";
import { abandonedEvent } from "../delivery/abandoned.ts";
import type { Handout } from "../delivery/dispatcher.ts";
import type { ResolvedSubscription } from "../delivery/options.ts";
import { Subscriber } from "../delivery/subscriber.ts";
import { busErrors } from "../errors.ts";
import type { EventInput } from "../event/event.ts";
import { positionOf } from "../event/position.ts";
import { eventOf } from "./binding.ts";
import { openConsumer } from "./consumer.ts";
import { eventStream } from "./stream.ts";

export interface DurableParts {
  readonly connection: NatsConnection;
  readonly consumer: string;
  /** Interval of the heartbeats between the server and this process. */
  readonly idleMs: number;
  /** Publishes an event of the bus itself. */
  readonly publish: (event: EventInput) => Promise<void>;
  readonly onClosed: (subscriber: Subscriber) => void;
}

const acknowledged = "+ACK";
const rejected = "-NAK";
const inWork = "+WPI";
/** Number of handled events that are remembered, to recognise a redelivery after a lost acknowledgement. */
const handledMax = 4_096;

export class DurableSubscriber extends Subscriber {
  readonly #parts: DurableParts;
  readonly #puller: Puller;
  readonly #unlisten: () => void;
  readonly #working: Timer;
  /** Reply subjects of the events in hand, by their number in the log. */
  readonly #inFlight = new Map<number, string>();
  readonly #handled = new Set<number>();
  /** Acknowledgements that could not be sent without a connection. */
  #unsentAcks: string[] = [];
  readonly #opened = Promise.withResolvers<void>();
  #logId = "";
  #opening = false;
  /** The last handled event. Undefined before the first. */
  #lastHandled: number | undefined;

  constructor(subscription: ResolvedSubscription, parts: DurableParts) {
    const { connection } = parts;
    super(subscription, connection.foundation);
    this.#parts = parts;
    this.#puller = new Puller({
      connection,
      stream: eventStream,
      idleMs: parts.idleMs,
      onMessage: (message) => this.#receive(message),
      onExpired: () => this.#pull(),
      onTrouble: (reason) => this.#trouble(reason),
    });
    this.#unlisten = connection.onState((state) => {
      if (state.kind === "connected") this.#reconnected();
    });
    this.#working = connection.foundation.timers.every(Math.max(1, subscription.ackWaitMs / 3), () =>
      this.#extendInFlight(),
    );
    this.#opened.promise.catch(() => undefined);
    void this.#open();
  }

  get consumer(): string {
    return this.#parts.consumer;
  }

  /** Resolves when the cursor exists. Rejects if it cannot be created. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  protected onHandled({ sequence }: Handout): void {
    this.#handled.add(sequence);
    if (this.#handled.size > handledMax) {
      const [oldest = sequence] = this.#handled;
      this.#handled.delete(oldest);
    }
    this.#acknowledge(sequence);
  }

  protected async onAbandoned(handout: Handout, attempts: number, error: TuttiError): Promise<void> {
    const nowMs = this.#parts.connection.foundation.clock.now();
    const event = abandonedEvent(this.subscription, handout, attempts, error, nowMs);
    // Reported first, acknowledged then: after a crash in between, it is reported again under the same id.
    let done = true;
    try {
      done = event === undefined || (await this.#report(event));
    } finally {
      if (done) this.#acknowledge(handout.sequence);
    }
  }

  protected onRoom(): void {
    this.#pull();
  }

  protected async shutDown(signal: AbortSignal): Promise<void> {
    this.#unlisten();
    this.#opened.reject(busErrors.stopped({ operation: "subscription" }));
    const [unsettled] = await Promise.all([this.dispatcher.stop(signal), this.#puller.drain()]);
    this.#working.cancel();
    await this.#returnAll(unsettled);
    this.#inFlight.clear();
    this.#parts.onClosed(this);
  }

  async #report(event: EventInput): Promise<boolean> {
    for (let failures = 1; !this.closing; failures++) {
      try {
        await this.#parts.publish(event);
        return true;
      } catch (error) {
        // Refused for good: it must not delay later events.
        if (error instanceof TuttiError && !error.retryable) throw error;
        this.logger.warn("failed to report a dropped event, retrying", { error });
        await this.#parts.connection.pause(failures);
      }
    }
    return false;
  }

  /**
   * Returns events in the order of the log. The first is sent ahead of the others: it makes the server notice that our
   * requests are void, and the server puts it back behind all others returned by then.
   */
  async #returnAll([first, ...others]: readonly Handout[]): Promise<void> {
    if (first === undefined) return;
    const { connection } = this.#parts;
    this.#reply(this.#inFlight.get(first.sequence), rejected);
    await connection
      .run("giving back of events", () => connection.client("flush").flush())
      .catch(() => undefined);
    for (const { sequence } of others) this.#reply(this.#inFlight.get(sequence), rejected);
  }

  #receive(message: Delivered): void {
    const { sequence, reply } = message;
    if (this.closing) {
      this.#reply(reply, rejected);
      return;
    }
    // The newest delivery must be answered.
    if (this.#inFlight.has(sequence)) this.#inFlight.set(sequence, reply);
    else if (this.#handled.has(sequence)) this.#reply(reply, acknowledged);
    else this.#receiveNew(message);
    // A redelivered event came in place of a requested one.
    this.#pull();
  }

  #receiveNew({ sequence, reply, deliveries, subject, headers, data }: Delivered): void {
    const event = eventOf(headers, data);
    if (event === undefined) {
      this.logger.warn("skipped a message that is not a Tutti event", { subject, sequence });
      this.#reply(reply, acknowledged);
      return;
    }
    this.#inFlight.set(sequence, reply);
    this.dispatcher.offer({
      event,
      sequence,
      position: positionOf(this.#logId, sequence),
      before: deliveries - 1,
    });
  }

  #acknowledge(sequence: number): void {
    this.#reply(this.#inFlight.get(sequence), acknowledged);
    this.#inFlight.delete(sequence);
    this.#lastHandled = Math.max(this.#lastHandled ?? 0, sequence);
  }

  #reply(reply: string | undefined, payload: string): void {
    if (reply === undefined) return;
    try {
      this.#parts.connection.client("acknowledgement").publish(reply, payload);
    } catch {
      if (payload === acknowledged && this.#unsentAcks.length < handledMax) this.#unsentAcks.push(reply);
    }
  }

  #extendInFlight(): void {
    for (const reply of this.#inFlight.values()) this.#reply(reply, inWork);
  }

  /** Requests as many events as there is room for, at least half, so that not every event costs a request. */
  #pull(): void {
    if (this.#opening || this.closing) return;
    const most = this.subscription.maxInFlight;
    const room = this.dispatcher.room - this.#puller.outstanding;
    if (room <= 0 || (this.#puller.outstanding > 0 && room * 2 < most)) return;
    try {
      this.#puller.pull(room);
    } catch {
      // Not connected: requested after the reconnect.
    }
  }

  #reconnected(): void {
    const unsent = this.#unsentAcks;
    this.#unsentAcks = [];
    for (const reply of unsent) this.#reply(reply, acknowledged);
    void this.#open();
  }

  #trouble(reason: string): void {
    if (this.closing) return;
    if (/consumer deleted/i.test(reason)) {
      this.logger.error("durable subscription deleted while open, closing it", { reason });
      void this.close();
      return;
    }
    this.logger.debug("checking a durable subscription", { reason });
    void this.#open();
  }

  /** Ensures that the consumer exists, as often as needed, and requests events. */
  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    const { connection, consumer } = this.#parts;
    for (let failures = 1; !this.closing; failures++) {
      try {
        const opened = await openConsumer(connection, consumer, this.subscription, this.#resumeAfter());
        this.#logId = opened.logId;
        if (opened.gap !== undefined) this.reportGap(opened.gap);
        this.#puller.turnTo(consumer);
        this.#opening = false;
        this.#opened.resolve();
        this.#pull();
        return;
      } catch (cause) {
        const error = natsErrorOf("opening of a durable subscription", cause);
        if (!error.retryable && !natsErrors.missing.is(error)) return this.#fail(error);
        await connection.pause(failures);
      }
    }
  }

  /** Returns the start position if the consumer is lost: before all events in hand. */
  #resumeAfter(): number | undefined {
    if (this.#inFlight.size === 0) return this.#lastHandled;
    return Math.min(...this.#inFlight.keys()) - 1;
  }

  #fail(error: TuttiError): void {
    this.logger.error("durable subscription failed, closing it", { error });
    this.#opened.reject(error);
    void this.close();
  }
}
