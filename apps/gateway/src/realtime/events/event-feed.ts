/**
 * Delivers events of the bus to one reader, in the order of the log.
 *
 * 1. The reader's cursor is known before its first event, so it can reconnect after any failure.
 * 2. Events for a slow reader wait in the bus, up to a number. Beyond that the oldest are dropped, and the reader
 *    gets their count in their place.
 * 3. A cursor of another life of the log, or one that is too old, gets a gap and all stored events.
 */
import type { Bus, BusEvent, Delivery, Gap, Subscription } from "@tutti/bus";
import type { Outflow } from "../outflow/outflow.ts";
import type { EventQuery } from "./event-query.ts";
import type { Format } from "./format.ts";

export interface EventFeedParts {
  readonly bus: Pick<Bus, "subscribe" | "tail">;
  readonly bufferEventsMax: number;
}

interface Reader {
  readonly outflow: Outflow;
  readonly format: Format;
}

/** The outflow decides whether a reader is too slow, not the bus. */
const ackWaitMs = 24 * 3_600_000;

export class EventFeed {
  /** The reader's position before its first event. Undefined before all stored events. */
  readonly #cursor: string | undefined;
  readonly #reader = Promise.withResolvers<Reader>();
  #subscription: Subscription | undefined;
  #currentReader: Reader | undefined;

  /** Determines where the reader starts. Throws if the position or the pattern is invalid, before anything is sent. */
  static async open({ bus, bufferEventsMax }: EventFeedParts, query: EventQuery): Promise<EventFeed> {
    const { pattern, namespace, after } = query;
    const cursor = after === "first" ? undefined : (after ?? (await bus.tail()));
    const feed = new EventFeed(cursor);
    feed.#subscription = await bus.subscribe({
      pattern,
      namespace,
      ackWaitMs,
      start: cursor === undefined ? "first" : { after: cursor },
      inOrder: "all",
      bufferMax: bufferEventsMax,
      label: "gateway",
      onGap: (gap) => feed.#deliverGap(gap),
      handle: { each: (event, delivery) => feed.#deliver(event, delivery) },
    });
    return feed;
  }

  private constructor(cursor: string | undefined) {
    this.#cursor = cursor;
  }

  /** Delivers all events until the reader's connection ends. */
  start(reader: Reader): void {
    const { outflow, format } = reader;
    this.#currentReader = reader;
    outflow.send(format.ready(this.#cursor));
    this.#reader.resolve(reader);
    outflow.signal.addEventListener("abort", () => this.close(), { once: true });
    if (outflow.signal.aborted) this.close();
    // If the bus stops, the reader reconnects. Its cursor finds the missed events.
    void this.#subscription?.closed.then(() => outflow.end("closing"));
  }

  close(): void {
    void this.#subscription?.close(AbortSignal.abort());
  }

  /** The reader's connection is opened between the start and the first frame. */
  #deliver(event: BusEvent, { position }: Delivery): Promise<void> | undefined {
    const send = ({ outflow, format }: Reader): Promise<void> | undefined => {
      outflow.send(format.event(event, position));
      return outflow.room();
    };
    return this.#currentReader === undefined ? this.#reader.promise.then(send) : send(this.#currentReader);
  }

  #deliverGap(gap: Gap): void {
    const send = ({ outflow, format }: Reader): void => outflow.send(format.gap(gap));
    if (this.#currentReader === undefined) void this.#reader.promise.then(send);
    else send(this.#currentReader);
  }
}
