/**
 * Reads a stream, or a filtered part of it, from a position on and for ever: each message once, in order, none left
 * out, across reconnects, restarts of servers and lost consumers.
 *
 * 1. `last` is the sequence of the last delivered message. Only later ones are delivered, so none comes twice.
 * 2. Deliveries of a consumer are numbered without gaps. A gap means that messages were lost on the way. The consumer
 *    is abandoned and a new one starts after `last`, so none is left out.
 * 3. Granted but undelivered messages are requested again from each new consumer, so reading continues at the owner's
 *    pace.
 * 4. A polled reader reads only on request. A poll ends when all messages present at its request have been delivered,
 *    even if that takes a new consumer.
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
  /** Creation time of the stream: it distinguishes streams of one name. */
  readonly created: string;
  /** The oldest message it still has. One more than the last if it is empty. */
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export interface OrderedReaderOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Subjects to read. Empty for the whole stream. */
  readonly subjects: readonly string[];
  readonly from: ReadFrom;
  readonly headersOnly?: boolean;
  readonly idleMs?: number;
  /**
   * Reads when `poll` is called, and once after a consumer was created. `grant` has no effect. Default: reads all the
   * time.
   */
  readonly polled?: boolean;
  /** Called when a consumer was created, with the state of the stream before any of its messages. */
  readonly onOpened?: (stream: StreamFacts) => void;
  readonly onMessage: (message: Delivered) => void;
  /**
   * Called when all messages present at the creation of a consumer have been delivered. Again after each new consumer.
   */
  readonly onCaughtUp?: () => void;
  /** Called when the stream is gone, or may not be read. The reader has closed itself. */
  readonly onFailed: (error: TuttiError) => void;
}

const missingMax = 5;
/** Maximum number of messages per answer to a poll. */
const pollMax = 1_000;
/** A poll without an answer is noticed sooner than an idle stream. */
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
  /** Undefined until the first consumer has reported its start. */
  #last: number | undefined;
  #delivery = 0;
  #granted = 0;
  #caughtUp = false;
  /** Waiters for the running poll, and for the next one. */
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
      onMessage: (message) => this.#receive(message),
      onExpired: () => (options.polled ? this.#polled() : this.#pull()),
      onTrouble: (reason) => this.#renew(reason),
    });
    this.#unlisten = options.connection.onState((state) => {
      if (state.kind === "connected") this.#renew("the connection was lost");
    });
    this.#opened.promise.catch(() => undefined);
    void this.#open();
  }

  /** Resolves when the start position is fixed: messages published from then on will be read. */
  get opened(): Promise<StreamFacts> {
    return this.#opened.promise;
  }

  /** The sequence of the last delivered message, or of the last one before the start. */
  get last(): number {
    return this.#last ?? 0;
  }

  /** Allows this many more messages. */
  grant(count: number): void {
    this.#granted += count;
    this.#pull();
  }

  /** Resolves when all present messages are delivered, or the reader is closed. */
  poll(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#polls.push(resolve);
      this.#pullAll();
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

  #receive(message: Delivered): void {
    // From an abandoned consumer, still under way.
    if (!message.reply.includes(`.${this.#consumer}.`) || this.#closing.signal.aborted) return;
    if (message.delivery !== this.#delivery + 1) {
      this.#renew("messages were lost");
      return;
    }
    this.#delivery = message.delivery;
    this.#granted--;
    if (this.#last === undefined || message.sequence > this.#last) {
      this.#last = message.sequence;
      this.#options.onMessage(message);
    }
    if (message.pending === 0) this.#reachEnd();
    // An answer of the maximum size has no end mark, and may be incomplete.
    if (this.#options.polled && this.#puller.outstanding === 0) this.#pullAgain(message.pending > 0);
  }

  /**
   * Requests all present messages, unless a request is under way. That request may be too early for a poll that comes
   * meanwhile.
   */
  #pullAll(): void {
    if (this.#consumer === "" || this.#opening || this.#puller.outstanding > 0) return;
    try {
      this.#puller.pull(pollMax);
      this.#polling.push(...this.#polls.splice(0));
    } catch {
      // Not connected: requested when the next consumer is created.
    }
  }

  #pullAgain(isMore: boolean): void {
    if (isMore) this.#polls.unshift(...this.#polling.splice(0));
    this.#polled();
  }

  #polled(): void {
    for (const resolve of this.#polling.splice(0)) resolve();
    if (this.#polls.length > 0) this.#pullAll();
  }

  #reachEnd(): void {
    if (this.#caughtUp || this.#closing.signal.aborted) return;
    this.#caughtUp = true;
    this.#options.onCaughtUp?.();
  }

  #pull(): void {
    if (this.#options.polled) return;
    const requested = this.#granted - this.#puller.outstanding;
    if (requested <= 0 || this.#consumer === "" || this.#opening) return;
    try {
      this.#puller.pull(requested);
    } catch {
      // Not connected: everything granted is requested when the next consumer is created.
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
    this.#puller.reset();
    this.#polls.unshift(...this.#polling.splice(0));
    for (let failures = 1; !this.#closing.signal.aborted; failures++) {
      try {
        const [facts, consumer] = await this.#createConsumer();
        this.#opening = false;
        if (this.#closing.signal.aborted) return this.#discard(consumer.name);
        return this.#start(facts, consumer);
      } catch (cause) {
        const error = natsErrorOf(`reading of the stream ${this.#options.stream}`, cause);
        if (!error.retryable && !this.#mayPass(error, failures)) return this.#fail(error);
        await this.#options.connection.pause(failures, this.#closing.signal);
      }
    }
  }

  /** A returning server may, for a moment, not know an existing stream: only repeated answers count. */
  #mayPass(error: TuttiError, failures: number): boolean {
    return this.#last !== undefined && natsErrors.missing.is(error) && failures < missingMax;
  }

  #createConsumer(): Promise<[StreamFacts, ConsumerInfo]> {
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

  #start(facts: StreamFacts, consumer: ConsumerInfo): void {
    // Later consumers continue from the start of the first one, even if nothing was read until then.
    if (this.#last === undefined && this.#options.from.kind === "new")
      this.#last = consumer.delivered.stream_seq;
    this.#consumer = consumer.name;
    this.#delivery = 0;
    this.#caughtUp = false;
    this.#puller.turnTo(consumer.name);
    this.#options.onOpened?.(facts);
    this.#opened.resolve(facts);
    if (consumer.num_pending === 0) this.#reachEnd();
    if (this.#options.polled) this.#pullAll();
    else this.#pull();
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
      // The remains of a process that died are removed after this time.
      inactive_threshold: nanos(60_000),
    };
  }

  #fail(error: TuttiError): void {
    this.#opened.reject(error);
    this.close();
    this.#options.onFailed(error);
  }

  /** The server removes an unused consumer by itself. Deleting it saves the wait. */
  #discard(consumer: string): void {
    if (consumer === "") return;
    const { connection, stream } = this.#options;
    try {
      connection
        .manager("end of reading")
        .then((manager) => manager.consumers.delete(stream, consumer))
        .catch(() => undefined);
    } catch {
      // Not connected: the server removes it by itself.
    }
  }
}
