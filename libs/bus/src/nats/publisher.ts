/**
 * Publishes events to the stream until each is confirmed, even after lost connections.
 *
 * 1. At most `waitingMax` events (and `bytesMax` bytes) are held. Further publishers wait for room.
 * 2. Only one event per order key is under way: with two, the first could be lost and repeated after the second was
 *    stored (as when a leader steps down). Events of different keys are sent concurrently.
 * 3. An event that is not confirmed in time, or was under way when the connection was lost, is sent again with the same
 *    id. The server stores one of them.
 * 4. A publication ends when all its events are confirmed, one is refused, or its time is up. Its remaining events are
 *    dropped here, though the server may have them.
 */
import { createInbox, type Msg } from "@nats-io/transport-node";
import {
  assert,
  type Clock,
  type CounterCell,
  type Timer,
  type Timers,
  type TuttiError,
} from "@tutti/kernel";
import {
  disconnectReason,
  type KeptSubscription,
  type NatsConnection,
  natsErrorOf,
  natsErrors,
} from "@tutti/nats";
import { busErrors } from "../errors.ts";
import { type BusEvent, orderKeyOf } from "../event/event.ts";
import { subjectOf } from "../event/pattern.ts";
import { headersOf } from "./binding.ts";
import { Queue } from "./queue.ts";

export interface PublisherOptions {
  readonly connection: NatsConnection;
  readonly published: CounterCell;
  /** Maximum number of events held, waiting or under way. */
  readonly waitingMax: number;
  readonly bytesMax: number;
  /** Maximum number of events under way. */
  readonly windowMax: number;
  /** Time without a confirmation after which an event is sent again. */
  readonly confirmMs: number;
}

/** One call of `publish`. */
interface Publication {
  readonly count: number;
  readonly startedMs: number;
  readonly timeoutMs: number;
  readonly outgoing: Outgoing[];
  missing: number;
  timer: Timer | undefined;
  readonly resolve: () => void;
  readonly reject: (error: TuttiError) => void;
}

interface Outgoing {
  readonly event: BusEvent;
  readonly key: string;
  readonly publication: Publication;
  readonly bytes: number;
  /** Token of its last sending. */
  token: number;
  sentMs: number;
  over: boolean;
}

/** Approximate size of the attributes. */
const overheadBytes = 600;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #inbox = createInbox();
  readonly #answers: KeptSubscription;
  readonly #unlisten: () => void;
  readonly #sweep: Timer;
  /** The first of each lane is under way or ready, the others wait for it. */
  readonly #lanes = new Map<string, Outgoing[]>();
  readonly #ready = new Queue<Outgoing>();
  readonly #inFlight = new Map<number, Outgoing>();
  /** Publications that found no room, in order. */
  readonly #waiting: { readonly publication: Publication; readonly events: readonly BusEvent[] }[] = [];
  #tokens = 0;
  #held = 0;
  #heldBytes = 0;
  #lastTrouble = "";
  #empty: (() => void) | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { connection } = options;
    this.#clock = connection.foundation.clock;
    this.#timers = connection.foundation.timers;
    this.#answers = connection.subscribe(`${this.#inbox}.*`, (message) => this.#answered(message));
    this.#unlisten = connection.onState((state) => {
      if (state.kind === "connected") this.#resend();
    });
    this.#sweep = this.#timers.every(Math.max(1, options.confirmMs / 2), () => this.#repeatUnconfirmed());
  }

  /** Number of events held, waiting or under way. */
  get held(): number {
    return this.#held;
  }

  publish(events: readonly BusEvent[], timeoutMs: number): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const publication: Publication = {
      count: events.length,
      startedMs: this.#clock.monotonic(),
      timeoutMs,
      outgoing: [],
      missing: events.length,
      timer: undefined,
      resolve,
      reject,
    };
    publication.timer = this.#timers.after(timeoutMs, () => this.#timedOut(publication));
    this.#waiting.push({ publication, events });
    this.#admit();
    return promise;
  }

  /** Waits until everything held is confirmed, or the signal is aborted. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#held === 0 && this.#waiting.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#empty = resolve;
    if (signal.aborted) return;
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  close(): void {
    this.#unlisten();
    this.#answers.close();
    this.#sweep.cancel();
    const open = new Set(this.#waiting.map(({ publication }) => publication));
    for (const lane of this.#lanes.values()) for (const { publication } of lane) open.add(publication);
    for (const publication of open)
      this.#finish(publication, busErrors.stopped({ operation: "publication" }));
  }

  /** Admits publications while there is room. One that is larger than all the room is admitted alone. */
  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined) break;
      const bytes = next.events.reduce((sum, event) => sum + event.data.length + overheadBytes, 0);
      const hasRoom =
        this.#held + next.events.length <= this.#options.waitingMax &&
        this.#heldBytes + bytes <= this.#options.bytesMax;
      if (!hasRoom && this.#held > 0) break;
      this.#waiting.shift();
      for (const event of next.events) this.#enqueue(event, next.publication);
    }
    this.#send();
  }

  #enqueue(event: BusEvent, publication: Publication): void {
    const outgoing: Outgoing = {
      event,
      key: orderKeyOf(event),
      publication,
      bytes: event.data.length + overheadBytes,
      token: 0,
      sentMs: 0,
      over: false,
    };
    publication.outgoing.push(outgoing);
    this.#held++;
    this.#heldBytes += outgoing.bytes;
    const lane = this.#lanes.get(outgoing.key);
    if (lane === undefined) {
      this.#lanes.set(outgoing.key, [outgoing]);
      this.#ready.push(outgoing);
    } else {
      lane.push(outgoing);
    }
  }

  #send(): void {
    const failed: [Publication, TuttiError][] = [];
    while (this.#inFlight.size < this.#options.windowMax) {
      const outgoing = this.#ready.first;
      if (outgoing === undefined) break;
      const trouble = outgoing.over ? undefined : this.#sendEvent(outgoing);
      // Without a connection, ready events stay ready.
      if (trouble?.retryable) break;
      if (trouble !== undefined) failed.push([outgoing.publication, trouble]);
      this.#ready.shift();
    }
    for (const [publication, error] of failed) this.#finish(publication, error);
  }

  #sendEvent(outgoing: Outgoing): TuttiError | undefined {
    const { event } = outgoing;
    const token = ++this.#tokens;
    try {
      this.#options.connection.client("publication").publish(subjectOf(event), event.data, {
        headers: headersOf(event),
        reply: `${this.#inbox}.${token}`,
      });
    } catch (thrown) {
      return natsErrorOf("publication of an event", thrown);
    }
    outgoing.token = token;
    outgoing.sentMs = this.#clock.monotonic();
    this.#inFlight.set(token, outgoing);
    return undefined;
  }

  #answered(message: Msg): void {
    const token = Number(message.subject.slice(this.#inbox.length + 1));
    const outgoing = this.#inFlight.get(token);
    // An answer to an earlier sending of an event that was sent again: the later one will be answered too.
    if (outgoing === undefined) return;
    const refused = refusalOf(message);
    if (refused === undefined) {
      this.#inFlight.delete(token);
      this.#confirmed(outgoing);
    } else if (refused.passing) {
      // The next sweep sends it again, not at once: a server that refuses for lack of a leader must not be flooded.
      this.#lastTrouble = refused.reason;
    } else {
      this.#finish(outgoing.publication, errorOf(outgoing.event, refused.reason));
    }
  }

  #confirmed(outgoing: Outgoing): void {
    const { publication, over } = outgoing;
    assert(!over, "an event is confirmed once", { missing: publication.missing });
    this.#options.published.add();
    this.#release(outgoing);
    publication.missing--;
    if (publication.missing === 0) {
      publication.timer?.cancel();
      publication.resolve();
    }
    this.#admit();
    this.#reportEmpty();
  }

  /** Frees its room, and lets the next event of its lane go. */
  #release(outgoing: Outgoing): void {
    if (outgoing.over) return;
    outgoing.over = true;
    this.#held--;
    this.#heldBytes -= outgoing.bytes;
    this.#inFlight.delete(outgoing.token);
    const lane = this.#lanes.get(outgoing.key);
    if (lane === undefined) return;
    const wasFirst = lane[0] === outgoing;
    if (wasFirst) lane.shift();
    else lane.splice(lane.indexOf(outgoing), 1);
    const [first] = lane;
    if (first === undefined) this.#lanes.delete(outgoing.key);
    else if (wasFirst) this.#ready.push(first);
  }

  #timedOut(publication: Publication): void {
    const { connection } = this.#options;
    const reason =
      connection.state.kind === "connected"
        ? this.#lastTrouble || "no confirmation came"
        : disconnectReason(connection.state);
    const { missing, count, timeoutMs: waitedMs } = publication;
    this.#finish(publication, busErrors.notAccepted({ missing, count, waitedMs, reason }));
  }

  #finish(publication: Publication, error: TuttiError): void {
    publication.timer?.cancel();
    const index = this.#waiting.findIndex((each) => each.publication === publication);
    if (index !== -1) this.#waiting.splice(index, 1);
    // From the last to the first, so that none of its own reaches the front of a lane and is sent.
    for (const outgoing of publication.outgoing.toReversed()) this.#release(outgoing);
    publication.reject(error);
    this.#admit();
    this.#reportEmpty();
  }

  /** The connection is back: events under way may be lost. */
  #resend(): void {
    this.#ready.unshift([...this.#inFlight.values()]);
    this.#inFlight.clear();
    this.#send();
  }

  #repeatUnconfirmed(): void {
    const { confirmMs } = this.#options;
    const now = this.#clock.monotonic();
    const late = [...this.#inFlight.values()].filter(({ sentMs }) => now - sentMs >= confirmMs);
    for (const { token } of late) this.#inFlight.delete(token);
    this.#ready.unshift(late);
    this.#send();
  }

  #reportEmpty(): void {
    if (this.#held === 0 && this.#waiting.length === 0) this.#empty?.();
  }
}

interface Answered {
  readonly reason: string;
  /** Whether the same message may be accepted later. */
  readonly passing: boolean;
}

/** Undefined for a confirmation. */
function refusalOf(message: Msg): Answered | undefined {
  // There is no listener on the subject: JetStream is starting, or the stream is gone.
  if (message.headers?.code === 503) return { reason: "no JetStream stream has this subject", passing: true };
  const { error, stream } = message.json<{
    error?: { code?: number; description?: string };
    stream?: string;
  }>();
  if (error === undefined && stream !== undefined) return undefined;
  const { code = 0, description = "an answer without a word" } = error ?? {};
  return { reason: description, passing: code === 503 || code === 408 || code === 0 };
}

function errorOf(event: BusEvent, reason: string): TuttiError {
  if (reason.includes("exceeds maximum")) {
    return natsErrors.tooLarge({ operation: `publication of an event of type ${event.type}`, reason });
  }
  return busErrors.rejected({ type: event.type, reason });
}
