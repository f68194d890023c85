/**
 * A member of the group of a durable subscription over NATS.
 *
 * 1. What the server delivered is in hand until it is acknowledged, given back, or taken over by another member because
 *    this one was silent for `ackWaitMs`. While in hand, signs of work keep it ours.
 * 2. A delivery of an event in hand, or of one that was handled a moment ago, is not handled again. It shows that an
 *    acknowledgement was lost, so that is sent again.
 * 3. Pauses between repetitions are kept here, not by the server, so that anything that comes after in the same lane
 *    can wait.
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
  /** Signs of life between the server and us. */
  readonly idleMs: number;
  /** Publishes an event of the bus's own. */
  readonly publish: (event: EventInput) => Promise<void>;
  readonly left: (subscriber: Subscriber) => void;
}

const acknowledged = "+ACK";
const givenBack = "-NAK";
const inWork = "+WPI";
/**
 * Handled events that are remembered, to recognise one that is delivered again because its acknowledgement was lost.
 */
const handledMax = 4_096;

export class DurableSubscriber extends Subscriber {
  readonly #parts: DurableParts;
  readonly #puller: Puller;
  readonly #unlisten: () => void;
  readonly #working: Timer;
  /** Where to acknowledge what is in hand, by its number in the log. */
  readonly #inHand = new Map<number, string>();
  readonly #handled = new Set<number>();
  /** Acknowledgements that could not be sent for want of a connection. */
  #owed: string[] = [];
  readonly #opened = Promise.withResolvers<void>();
  #logId = "";
  #opening = false;
  /** The last event that was handled. Undefined before any. */
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
      this.#keepInHand(),
    );
    this.#opened.promise.catch(() => undefined);
    void this.#open();
  }

  get consumer(): string {
    return this.#parts.consumer;
  }

  /** Resolves when the cursor is there. Rejects when it cannot be. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  protected onHandled({ sequence }: Handout): void {
    this.#handled.add(sequence);
    if (this.#handled.size > handledMax) {
      const [oldest = sequence] = this.#handled;
      this.#handled.delete(oldest);
    }
    this.#settle(sequence);
  }

  protected async onAbandoned(handout: Handout, attempts: number, error: TuttiError): Promise<void> {
    const nowMs = this.#parts.connection.foundation.clock.now();
    const event = abandonedEvent(this.subscription, handout, attempts, error, nowMs);
    // First told, then acknowledged: if we die in between, it is reported again, under the same id.
    let done = true;
    try {
      done = event === undefined || (await this.#report(event));
    } finally {
      if (done) this.#settle(handout.sequence);
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
    await this.#giveBack(unsettled);
    this.#inHand.clear();
    this.#parts.left(this);
  }

  async #report(event: EventInput): Promise<boolean> {
    for (let failures = 1; !this.closing; failures++) {
      try {
        await this.#parts.publish(event);
        return true;
      } catch (error) {
        // Refused for good: it must not hold up anything that comes after the event.
        if (error instanceof TuttiError && !error.retryable) throw error;
        this.logger.warn("failed to report a dropped event, retrying", { error });
        await this.#parts.connection.pause(failures);
      }
    }
    return false;
  }

  /**
   * In the order of the log. The first goes ahead of the others: on it the server notices that our requests are void,
   * and puts it back behind all others that were given back by then.
   */
  async #giveBack([first, ...others]: readonly Handout[]): Promise<void> {
    if (first === undefined) return;
    const { connection } = this.#parts;
    this.#say(this.#inHand.get(first.sequence), givenBack);
    await connection
      .run("giving back of events", () => connection.client("flush").flush())
      .catch(() => undefined);
    for (const { sequence } of others) this.#say(this.#inHand.get(sequence), givenBack);
  }

  #receive(message: Delivered): void {
    const { sequence, reply } = message;
    if (this.closing) {
      this.#say(reply, givenBack);
      return;
    }
    // The newest delivery is the one to answer.
    if (this.#inHand.has(sequence)) this.#inHand.set(sequence, reply);
    else if (this.#handled.has(sequence)) this.#say(reply, acknowledged);
    else this.#takeNew(message);
    // A repeated event came in place of a requested one.
    this.#pull();
  }

  #takeNew({ sequence, reply, deliveries, subject, headers, data }: Delivered): void {
    const event = eventOf(headers, data);
    if (event === undefined) {
      this.logger.warn("skipped a message that is not a Tutti event", { subject, sequence });
      this.#say(reply, acknowledged);
      return;
    }
    this.#inHand.set(sequence, reply);
    this.dispatcher.offer({
      event,
      sequence,
      position: positionOf(this.#logId, sequence),
      before: deliveries - 1,
    });
  }

  #settle(sequence: number): void {
    this.#say(this.#inHand.get(sequence), acknowledged);
    this.#inHand.delete(sequence);
    this.#lastHandled = Math.max(this.#lastHandled ?? 0, sequence);
  }

  #say(reply: string | undefined, word: string): void {
    if (reply === undefined) return;
    try {
      this.#parts.connection.client("acknowledgement").publish(reply, word);
    } catch {
      if (word === acknowledged && this.#owed.length < handledMax) this.#owed.push(reply);
    }
  }

  #keepInHand(): void {
    for (const reply of this.#inHand.values()) this.#say(reply, inWork);
  }

  /** Asks for as much as there is room for, in halves at least, so that not every event costs a question. */
  #pull(): void {
    if (this.#opening || this.closing) return;
    const most = this.subscription.maxInFlight;
    const room = this.dispatcher.room - this.#puller.outstanding;
    if (room <= 0 || (this.#puller.outstanding > 0 && room * 2 < most)) return;
    try {
      this.#puller.ask(room);
    } catch {
      // Not connected: asked again when we are.
    }
  }

  #reconnected(): void {
    const owed = this.#owed;
    this.#owed = [];
    for (const reply of owed) this.#say(reply, acknowledged);
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

  /** Makes sure that the consumer is there, as often as needed, and asks it for events. */
  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    const { connection, consumer } = this.#parts;
    for (let failures = 1; !this.closing; failures++) {
      try {
        const opened = await openConsumer(connection, consumer, this.subscription, this.#goOnAfter());
        this.#logId = opened.logId;
        if (opened.gap !== undefined) this.tellGap(opened.gap);
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

  /** Where to start if the consumer is lost: before all that is in hand. */
  #goOnAfter(): number | undefined {
    if (this.#inHand.size === 0) return this.#lastHandled;
    return Math.min(...this.#inHand.keys()) - 1;
  }

  #fail(error: TuttiError): void {
    this.logger.error("durable subscription failed, closing it", { error });
    this.#opened.reject(error);
    void this.close();
  }
}
