/**
 * A live subscription over NATS, on an ordered reader. So it knows the position of each event, and misses only events
 * that it drops on purpose. After an interruption it continues from its position.
 *
 * While it catches up (at its beginning and after an interruption) it fetches at its own pace. From then on it accepts
 * everything, and drops the oldest when its buffer is full.
 */
import type { TuttiError } from "@tutti/kernel";
import {
  type Delivered,
  type NatsConnection,
  natsErrors,
  OrderedReader,
  type ReadFrom,
  type StreamFacts,
} from "@tutti/nats";
import type { Handout } from "../delivery/dispatcher.ts";
import { LiveQueue } from "../delivery/live-queue.ts";
import type { ResolvedSubscription } from "../delivery/options.ts";
import { Subscriber } from "../delivery/subscriber.ts";
import { busErrors } from "../errors.ts";
import { subjectFilterOf } from "../event/pattern.ts";
import { placeOf, positionOf } from "../event/position.ts";
import type { Gap } from "../port.ts";
import { eventOf } from "./binding.ts";
import { eventStream, logIdOf } from "./stream.ts";

export interface LiveParts {
  readonly connection: NatsConnection;
  readonly idleMs: number;
  readonly onClosed: (subscriber: Subscriber) => void;
}

export class LiveSubscriber extends Subscriber {
  readonly #parts: LiveParts;
  readonly #queue: LiveQueue;
  readonly #opened = Promise.withResolvers<void>();
  #reader: OrderedReader | undefined;
  #logId = "";
  #live = false;
  /** Granted to the reader and not yet delivered. */
  #requested = 0;
  /** Reported before the next event. */
  #gap: Gap | undefined;

  constructor(subscription: ResolvedSubscription, parts: LiveParts) {
    super(subscription, parts.connection.foundation);
    this.#parts = parts;
    this.#queue = new LiveQueue(subscription.bufferMax);
    this.#opened.promise.catch(() => undefined);
    void this.#open();
  }

  /** Resolves when the start position is fixed. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  protected onHandled(_handout: Handout): void {}

  protected onAbandoned(): void {}

  protected onRoom(): void {
    this.#handOut();
    if (!this.#live) this.#grant();
  }

  protected async shutDown(signal: AbortSignal): Promise<void> {
    this.#opened.reject(busErrors.stopped({ operation: "subscription" }));
    this.#reader?.close();
    await this.dispatcher.stop(signal);
    this.#parts.onClosed(this);
  }

  /** Before it continues from a position, the log must be known. */
  async #open(): Promise<void> {
    const { start } = this.subscription;
    if (typeof start !== "object") return this.#read({ kind: start });
    const { connection } = this.#parts;
    const operation = "opening of a live subscription";
    for (let failures = 1; !this.closing; failures++) {
      try {
        const { created, state } = await connection.run(operation, async () =>
          (await connection.manager(operation)).streams.info(eventStream),
        );
        const place = placeOf(start.after);
        if (place?.log === logIdOf(created) && place.sequence <= state.last_seq) {
          return this.#read({ kind: "after", sequence: place.sequence });
        }
        this.#gap = { reason: "reset", count: undefined };
        return this.#read({ kind: "first" });
      } catch (error) {
        this.logger.debug("live subscription waits for its stream", { error });
        await connection.pause(failures);
      }
    }
  }

  #read(from: ReadFrom): void {
    if (this.closing) return;
    const { connection, idleMs } = this.#parts;
    this.#requested = 0;
    this.#reader = new OrderedReader({
      connection,
      stream: eventStream,
      subjects: [subjectFilterOf(this.subscription.interest)],
      from,
      idleMs,
      onOpened: (facts) => this.#onOpened(facts),
      onMessage: (message) => this.#receive(message),
      onCaughtUp: () => {
        this.#live = true;
        this.#grant();
      },
      onFailed: (error) => this.#failed(error),
    });
    this.#grant();
  }

  #onOpened({ created, firstSequence }: StreamFacts): void {
    this.#live = false;
    this.#logId = logIdOf(created);
    const last = this.#reader?.last ?? 0;
    if (last > 0 && last + 1 < firstSequence) this.#gap ??= { reason: "retention", count: undefined };
    this.#opened.resolve();
  }

  #receive(message: Delivered): void {
    this.#requested--;
    const { sequence } = message;
    const event = eventOf(message.headers, message.data);
    if (event === undefined) {
      this.logger.warn("skipped a message that is not a Tutti event", { subject: message.subject, sequence });
    } else {
      this.#queue.push({ event, sequence, position: positionOf(this.#logId, sequence), before: 0 });
      this.#handOut();
    }
    this.#grant();
  }

  #handOut(): void {
    while (this.dispatcher.room > 0) {
      const dropped = this.#queue.takeDropped();
      if (dropped > 0) this.reportGap({ reason: "slow", count: dropped });
      const handout = this.#queue.shift();
      if (handout === undefined) return;
      if (this.#gap !== undefined) this.reportGap(this.#gap);
      this.#gap = undefined;
      this.dispatcher.offer(handout);
    }
  }

  /** Live: always a buffer's worth. Catching up: the free room of the buffer. In halves, to request rarely. */
  #grant(): void {
    const { bufferMax } = this.subscription;
    const missing = (this.#live ? bufferMax : this.#queue.room) - this.#requested;
    if (this.#reader === undefined || missing * 2 < bufferMax) return;
    this.#requested += missing;
    this.#reader.grant(missing);
  }

  #failed(error: TuttiError): void {
    if (this.closing) return;
    if (!natsErrors.replaced.is(error)) {
      this.logger.error("live subscription failed, closing it", { error });
      this.#opened.reject(error);
      void this.close();
      return;
    }
    this.#gap = { reason: "reset", count: undefined };
    this.#read({ kind: "first" });
  }
}
