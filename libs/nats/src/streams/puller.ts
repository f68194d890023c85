/**
 * Requests messages of a consumer, as many as its owner has room for. The client library's own consumers fetch ahead by
 * their own thresholds, but a member of a group must hold no more than it can process.
 *
 * 1. `outstanding` is the number of messages that the server may still send for the open request.
 * 2. Silence is noticed: while something is outstanding, the server sends a heartbeat every `idleMs`. After two and
 *    a half times that long without one, or when the server reports the request as void, the owner is notified once.
 *    The owner decides whether to repeat the request or to check the consumer first.
 */
import { createInbox, type Msg, nanos } from "@nats-io/transport-node";
import type { Timer } from "@tutti/kernel";
import type { NatsConnection } from "../connection/nats-connection.ts";
import type { ReconnectingSubscription } from "../connection/reconnecting-subscriptions.ts";
import { type Delivered, deliveredOf } from "./delivered.ts";

export interface PullerOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly idleMs: number;
  /** A request gets the present messages and ends. Default: it waits for more. */
  readonly polled?: boolean;
  readonly onMessage: (message: Delivered) => void;
  /** Called when a request ended without all of its messages: the remaining credit can be requested again. */
  readonly onExpired: () => void;
  /** Called when the consumer misbehaves. Nothing is outstanding any more. */
  readonly onTrouble: (reason: string) => void;
}

const headerOfPending = "Nats-Pending-Messages";

export class Puller {
  readonly #options: PullerOptions;
  readonly #inbox = createInbox();
  readonly #subscription: ReconnectingSubscription;
  readonly #watch: Timer;
  #consumer = "";
  /** Number of times that everything outstanding was abandoned, to recognise late messages about it. */
  #round = 0;
  #outstanding = 0;
  #lastMessageMs: number;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#lastMessageMs = options.connection.foundation.clock.monotonic();
    this.#subscription = options.connection.subscribe(`${this.#inbox}.*`, (message) =>
      this.#receive(message),
    );
    this.#watch = options.connection.foundation.timers.every(options.idleMs, () => this.#notice());
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /** Switches to a consumer, and drops earlier requests. */
  turnTo(consumer: string): void {
    this.#consumer = consumer;
    this.reset();
  }

  /** The open request is void, because its server is gone. */
  reset(): void {
    this.#round++;
    this.#outstanding = 0;
  }

  /** Requests more. Throws if there is no connection. Nothing is outstanding then. */
  pull(count: number): void {
    const { connection, stream, idleMs, polled = false } = this.#options;
    const waiting = { expires: nanos(idleMs * 6), idle_heartbeat: nanos(idleMs) };
    const request = { batch: count, ...(polled ? { no_wait: true } : waiting) };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`;
    connection
      .client(`pull from the stream ${stream}`)
      .publish(subject, JSON.stringify(request), { reply: `${this.#inbox}.${this.#round}` });
    if (this.#outstanding === 0) this.#lastMessageMs = connection.foundation.clock.monotonic();
    this.#outstanding += count;
  }

  /** Stops requesting, and resolves when all pending messages have been delivered. */
  async drain(): Promise<void> {
    this.#watch.cancel();
    this.reset();
    await this.#subscription.drain();
  }

  close(): void {
    this.#watch.cancel();
    this.#subscription.close();
    this.reset();
  }

  #receive(message: Msg): void {
    this.#lastMessageMs = this.#options.connection.foundation.clock.monotonic();
    const delivered = deliveredOf(message);
    if (delivered === undefined) {
      this.#status(message);
      return;
    }
    if (this.#outstanding > 0) this.#outstanding--;
    this.#options.onMessage(delivered);
  }

  #status(message: Msg): void {
    if (message.subject !== `${this.#inbox}.${this.#round}`) return;
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    const remaining = Number(message.headers?.get(headerOfPending) || Number.NaN);
    // All present messages were delivered, or there were none.
    if (this.#options.polled && (code === 404 || code === 408)) {
      this.#outstanding = 0;
      this.#options.onExpired();
      return;
    }
    // A request that ran its full time has a regular end. It contains the unused number of messages.
    if (code === 408 && Number.isFinite(remaining)) {
      this.#outstanding = Math.max(0, this.#outstanding - remaining);
      this.#options.onExpired();
      return;
    }
    this.#trouble(code === 503 ? "no answer" : (message.headers?.description ?? `status ${code}`));
  }

  #notice(): void {
    const silentMs = this.#options.connection.foundation.clock.monotonic() - this.#lastMessageMs;
    if (this.#outstanding > 0 && silentMs > this.#options.idleMs * 2.5) this.#trouble("silence");
  }

  #trouble(reason: string): void {
    this.reset();
    this.#options.onTrouble(reason);
  }
}
