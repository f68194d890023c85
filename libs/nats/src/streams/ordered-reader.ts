/**
 * Reads a stream, or what a filter leaves of it, from a point on and for ever: each message once, in order, none left
 * out, across reconnects, restarts of servers and lost consumers.
 *
 * 1. `last` is the sequence of the last message handed over. Only later ones are, so none comes twice.
 * 2. Deliveries of a consumer are numbered without gaps. A gap means that messages were lost on the way. The consumer
 *    is given up and a new one starts after `last`, so none is left out.
 * 3. What the owner granted and did not get is asked for again at each new consumer, so reading continues at the
 *    owner's pace.
 * 4. A polled reader reads nothing until it is asked. A poll ends when everything has been handed over that was there when
 *    it was asked for, also if that takes a new consumer.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  ReplayPolicy,
} from "@nats-io/jetstream";
import { nanos, nuid } from "@nats-io/transport-node";
import type { TuttiError } from "@tutti/kernel";
import type { NatsConnection } from "../connection/nats-connection.ts";
import { natsErrorOf, natsErrors } from "../errors.ts";
import type { Delivered } from "./delivered.ts";
import { Puller } from "./puller.ts";

export type ReadFrom =
  | { readonly kind: "first" }
  /** Only messages published after the reader is open. */
  | { readonly kind: "new" }
  | { readonly kind: "after"; readonly sequence: number }
  /** The last message of each subject, then everything new. */
  | { readonly kind: "last-of-each" };

export interface StreamFacts {
  /** When the stream was made: what tells it from another of its name. */
  readonly created: string;
  /** The oldest message it still has. One more than the last where it is empty. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export interface OrderedReaderOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Subjects to read. All of the stream where empty. */
  readonly subjects: readonly string[];
  readonly from: ReadFrom;
  readonly headersOnly?: boolean;
  readonly idleMs?: number;
  /** Reads when `poll` is called, and once when a consumer was made. `grant` has no effect. Default: reads all the time. */
  readonly polled?: boolean;
  /** A consumer was made: what the stream looks like at this moment, before any of its messages. */
  readonly onOpened?: (stream: StreamFacts) => void;
  readonly onMessage: (message: Delivered) => void;
  /** Everything that was there when a consumer was made has been handed over. Again after each new consumer. */
  readonly onCaughtUp?: () => void;
  /** The stream is gone, or may not be read. The reader has closed itself. */
  readonly onFailed: (error: TuttiError) => void;
}

const missingMax = 5;
/** Messages of one answer to a poll. */
const pollMax = 1_000;
/** A poll without an answer is noticed sooner than a stream that has nothing to say. */
const polledIdleMs = 1_000;

export class OrderedReader {
  readonly #options: OrderedReaderOptions;
  readonly #puller: Puller;
  readonly #closing = new AbortController();
  readonly #unlisten: () => void;
  readonly #opened = Promise.withResolvers<StreamFacts>();
  #created: string | undefined;
  #consumer = "";
  #opening = false;
  /** Undefined until the first consumer has told where it starts. */
  #last: number | undefined;
  #delivery = 0;
  #granted = 0;
  #caughtUp = false;
  /** Who waits for the poll that is under way, and for the next one. */
  #polling: (() => void)[] = [];
  #polls: (() => void)[] = [];

  constructor(options: OrderedReaderOptions) {
    this.#options = options;
    if (options.from.kind === "after") this.#last = options.from.sequence;
    if (options.from.kind === "first") this.#last = 0;
    this.#puller = new Puller({
      connection: options.connection,
      stream: options.stream,
      idleMs: options.idleMs ?? (options.polled ? polledIdleMs : 5_000),
      polled: options.polled ?? false,
      onMessage: (message) => this.#take(message),
      onExpired: () => (options.polled ? this.#polled() : this.#ask()),
      onTrouble: (reason) => this.#renew(reason),
    });
    this.#unlisten = options.connection.onState((state) => {
      if (state.kind === "connected") this.#renew("the connection was lost");
    });
    this.#opened.promise.catch(() => undefined);
    void this.#open();
  }

  /** Resolves when the place to start is fixed: what is published from then on will be read. */
  get opened(): Promise<StreamFacts> {
    return this.#opened.promise;
  }

  /** The sequence of the last message handed over, or of the last before the beginning. */
  get last(): number {
    return this.#last ?? 0;
  }

  /** Allows this many messages more. */
  grant(count: number): void {
    this.#granted += count;
    this.#ask();
  }

  /** Resolves when everything is handed over that is there now, or the reader is closed. */
  poll(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#polls.push(resolve);
      this.#askForAll();
    });
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const resolve of [...this.#polling.splice(0), ...this.#polls.splice(0)]) resolve();
    this.#unlisten();
    this.#puller.close();
    this.#opened.reject(natsErrors.stopped({ operation: `reading of the stream ${this.#options.stream}` }));
    this.#discard(this.#consumer);
  }

  #take(message: Delivered): void {
    // Of a consumer that was given up, still on the way.
    if (!message.reply.includes(`.${this.#consumer}.`) || this.#closing.signal.aborted) return;
    if (message.delivery !== this.#delivery + 1) {
      this.#renew("messages were lost on the way");
      return;
    }
    this.#delivery = message.delivery;
    this.#granted--;
    if (this.#last === undefined || message.sequence > this.#last) {
      this.#last = message.sequence;
      this.#options.onMessage(message);
    }
    if (message.pending === 0) this.#reachEnd();
    // An answer as large as it may be has no end of its own, and may not be all.
    if (this.#options.polled && this.#puller.outstanding === 0) this.#askAgain(message.pending > 0);
  }

  /** Asks for all there is, unless that is under way. A poll that comes meanwhile may be too late for it. */
  #askForAll(): void {
    if (this.#consumer === "" || this.#opening || this.#puller.outstanding > 0) return;
    try {
      this.#puller.ask(pollMax);
      this.#polling.push(...this.#polls.splice(0));
    } catch {
      // Not connected: asked when the next consumer is made.
    }
  }

  #askAgain(isMore: boolean): void {
    if (isMore) this.#polls.unshift(...this.#polling.splice(0));
    this.#polled();
  }

  #polled(): void {
    for (const resolve of this.#polling.splice(0)) resolve();
    if (this.#polls.length > 0) this.#askForAll();
  }

  #reachEnd(): void {
    if (this.#caughtUp || this.#closing.signal.aborted) return;
    this.#caughtUp = true;
    this.#options.onCaughtUp?.();
  }

  #ask(): void {
    if (this.#options.polled) return;
    const wanted = this.#granted - this.#puller.outstanding;
    if (wanted <= 0 || this.#consumer === "" || this.#opening) return;
    try {
      this.#puller.ask(wanted);
    } catch {
      // Not connected: everything granted is asked for when the next consumer is made.
    }
  }

  #renew(reason: string): void {
    if (this.#opening || this.#closing.signal.aborted) return;
    this.#options.connection.foundation.logger.debug("reading continues with a new consumer", {
      stream: this.#options.stream,
      after: this.#last ?? 0,
      reason,
    });
    this.#discard(this.#consumer);
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#opening = true;
    this.#consumer = "";
    this.#puller.forget();
    this.#polls.unshift(...this.#polling.splice(0));
    for (let failures = 1; !this.#closing.signal.aborted; failures++) {
      try {
        const [facts, consumer] = await this.#makeConsumer();
        this.#opening = false;
        if (this.#closing.signal.aborted) return this.#discard(consumer.name);
        return this.#begin(facts, consumer);
      } catch (cause) {
        const error = natsErrorOf(`reading of the stream ${this.#options.stream}`, cause);
        if (!error.retryable && !this.#mayPass(error, failures)) return this.#fail(error);
        await this.#options.connection.pause(failures, this.#closing.signal);
      }
    }
  }

  /** A server that comes back may, for a moment, not know a stream that was there: only who insists is believed. */
  #mayPass(error: TuttiError, failures: number): boolean {
    return this.#last !== undefined && natsErrors.missing.is(error) && failures < missingMax;
  }

  #makeConsumer(): Promise<[StreamFacts, ConsumerInfo]> {
    const { connection, stream } = this.#options;
    const operation = `reading of the stream ${stream}`;
    return connection.run(operation, async () => {
      const manager = await connection.manager(operation);
      const { created, state } = await manager.streams.info(stream);
      const replaced = this.#created !== undefined && this.#created !== created;
      if (replaced || state.last_seq < this.last) throw natsErrors.replaced({ stream, last: this.last });
      this.#created = created;
      const facts = { created, firstSequence: state.first_seq, lastSequence: state.last_seq };
      return [facts, await manager.consumers.add(stream, this.#configuration())];
    });
  }

  #begin(facts: StreamFacts, consumer: ConsumerInfo): void {
    // Where the first consumer starts is where later ones continue, even if nothing was read until then.
    if (this.#last === undefined && this.#options.from.kind === "new")
      this.#last = consumer.delivered.stream_seq;
    this.#consumer = consumer.name;
    this.#delivery = 0;
    this.#caughtUp = false;
    this.#puller.turnTo(consumer.name);
    this.#options.onOpened?.(facts);
    this.#opened.resolve(facts);
    if (consumer.num_pending === 0) this.#reachEnd();
    if (this.#options.polled) this.#askForAll();
    else this.#ask();
  }

  #configuration(): Partial<ConsumerConfig> {
    const { subjects, headersOnly, from } = this.#options;
    const start: Partial<ConsumerConfig> =
      this.#last !== undefined
        ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#last + 1 }
        : { deliver_policy: from.kind === "last-of-each" ? DeliverPolicy.LastPerSubject : DeliverPolicy.New };
    const [only] = subjects;
    return {
      name: `tutti_reader_${nuid.next()}`,
      ...start,
      ...(subjects.length > 1
        ? { filter_subjects: [...subjects] }
        : only === undefined
          ? {}
          : { filter_subject: only }),
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      mem_storage: true,
      num_replicas: 1,
      headers_only: headersOnly ?? false,
      // A process that dies leaves nothing behind for longer than this.
      inactive_threshold: nanos(60_000),
    };
  }

  #fail(error: TuttiError): void {
    this.#opened.reject(error);
    this.close();
    this.#options.onFailed(error);
  }

  /** The server forgets an unused consumer by itself. Telling it spares it the wait. */
  #discard(consumer: string): void {
    if (consumer === "") return;
    const { connection, stream } = this.#options;
    try {
      connection
        .manager("end of reading")
        .then((manager) => manager.consumers.delete(stream, consumer))
        .catch(() => undefined);
    } catch {
      // Not connected: the server forgets it by itself.
    }
  }
}
