/**
 * Passes events to a subscription's handler until each is handled or abandoned. The same for every bus. The owner
 * defines the source of the events and the effect of their end.
 *
 * 1. Every offered event is settled exactly once, or returned by `stop`. Until then it is in hand.
 * 2. Events with the same key go through a lane: in the order of the offers, one at a time. While one of them waits for
 *    its repetition, the lane stops.
 * 3. An attempt that fails or takes too long is repeated after a pause, until `maxDeliveries`.
 * 4. The outcome of a handler after its timeout is ignored.
 * 5. Handlers are never called from within `offer`: the publisher does not run them.
 *
 * @guarantee An event of the bus is delivered at least once. Events with the same key are delivered in order.
 */
import {
  backoffMs,
  type Chance,
  type Clock,
  errorFromUnknown,
  type Logger,
  type Timer,
  type Timers,
  type TuttiError,
} from "@tutti/kernel";
import { busErrors } from "../errors.ts";
import { type BusEvent, orderKeyOf } from "../event/event.ts";
import type { Position } from "../event/position.ts";
import type { Delivery } from "../port.ts";
import type { SubscriptionMetrics } from "./metrics.ts";
import type { ResolvedSubscription } from "./options.ts";

/** An event in hand. */
export interface Handout {
  readonly event: BusEvent;
  readonly position: Position;
  /** Its number in the log. */
  readonly sequence: number;
  /** Earlier deliveries, by other members or before a crash. */
  readonly before: number;
}

export interface DispatcherOptions {
  readonly subscription: ResolvedSubscription;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly metrics: SubscriptionMetrics;
  readonly onHandled: (handout: Handout) => void;
  /** The event was abandoned. Its lane and its place in hand are free when this resolves. */
  readonly onAbandoned: (handout: Handout, attempts: number, error: TuttiError) => void | Promise<void>;
  /** There is room again. */
  readonly onRoom: () => void;
}

interface Entry {
  readonly handout: Handout;
  attempts: number;
  /** It was in a failed batch: from now on it is delivered alone, so that it cannot fail the others. */
  alone: boolean;
}

interface Lane {
  readonly key: string;
  readonly waiting: Entry[];
  /** An entry of it is being handled, waits for its repetition or is being abandoned. */
  busy: boolean;
}

/** One call of the handler. */
interface Call {
  readonly entries: readonly Entry[];
  readonly startedMs: number;
  readonly abort: () => AbortController;
  over: boolean;
}

/** Maximum number of handlers called in a row before other work gets a turn. */
const startsMax = 1_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with waiting entries, in the order in which they became ready. */
  readonly #ready: Lane[] = [];
  readonly #calls = new Set<Call>();
  readonly #retries = new Set<Timer>();
  readonly #sweep: Timer;
  readonly #batchMax: number;
  readonly #callsMax: number;
  #inFlight = 0;
  #pumping = false;
  #draining = false;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { handle, maxInFlight, ackWaitMs } = options.subscription;
    this.#batchMax = "batch" in handle ? handle.batchMax : 1;
    this.#callsMax = "batch" in handle ? 1 : maxInFlight;
    // Checking all calls regularly is cheaper than a timer for each.
    this.#sweep = options.timers.every(Math.max(1, ackWaitMs / 4), () => this.#endOverdueCalls());
  }

  /** Number of events that may be offered now. */
  get room(): number {
    return this.#draining ? 0 : this.#options.subscription.maxInFlight - this.#inFlight;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  offer(handout: Handout): void {
    const entry: Entry = { handout, attempts: handout.before, alone: false };
    this.#inFlight++;
    // It was delivered again and again without a reported failure: it crashes processes.
    if (handout.before >= 2 * this.#options.subscription.maxDeliveries) {
      void this.#abandon(entry, busErrors.neverHandled({ deliveries: handout.before }));
      return;
    }
    const key = orderKeyOf(handout.event);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, waiting: [], busy: false };
      this.#lanes.set(key, lane);
    }
    // A returned event comes again slightly out of order, ahead of newer ones.
    const place = lane.waiting.findLastIndex((other) => other.handout.sequence < handout.sequence);
    lane.waiting.splice(place + 1, 0, entry);
    if (!lane.busy && lane.waiting.length === 1) this.#ready.push(lane);
    this.#schedule();
  }

  /**
   * Accepts no further events, and finishes running ones unless the signal is aborted. Entries that wait for a
   * repetition are not finished. Returns the unsettled events, in the order of the log.
   */
  async stop(signal?: AbortSignal): Promise<readonly Handout[]> {
    this.#draining = true;
    // Their lanes stay blocked, so neither these entries nor those behind them are delivered.
    for (const timer of this.#retries) timer.cancel();
    this.#retries.clear();
    if (!this.#isIdle && signal?.aborted !== true) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      signal?.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    }
    this.#stopped = true;
    this.#sweep.cancel();
    const unsettled = [...this.#lanes.values()].flatMap((lane) => lane.waiting);
    for (const call of this.#calls) {
      this.#over(call);
      call.abort().abort(busErrors.stopped({ operation: "handling of an event" }));
      unsettled.push(...call.entries);
    }
    this.#ready.length = 0;
    this.#lanes.clear();
    this.#inFlight = 0;
    return unsettled
      .map(({ handout, attempts }) => ({ ...handout, before: attempts }))
      .toSorted((one, other) => one.sequence - other.sequence);
  }

  #schedule(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    queueMicrotask(this.#pump);
  }

  readonly #pump = (): void => {
    for (let started = 0; started < startsMax; started++) {
      if (this.#stopped || this.#ready.length === 0 || this.#calls.size >= this.#callsMax) {
        this.#pumping = false;
        return;
      }
      this.#start();
    }
    // Handlers that never wait would block everything else until the log is empty.
    this.#options.timers.after(0, this.#pump);
  };

  #start(): void {
    const entries = this.#nextEntries();
    let controller: AbortController | undefined;
    const abort = (): AbortController => {
      controller ??= new AbortController();
      return controller;
    };
    const call: Call = { entries, startedMs: this.#options.clock.monotonic(), abort, over: false };
    this.#calls.add(call);
    let outcome: unknown;
    try {
      outcome = this.#invoke(call);
    } catch (error) {
      this.#failed(call, error);
      return;
    }
    if (!isThenable(outcome)) {
      this.#handled(call);
      return;
    }
    outcome.then(
      () => this.#handled(call),
      (error: unknown) => this.#failed(call, error),
    );
  }

  /**
   * Returns entries from the front of the ready lanes: one, or as many as a batch accepts. A lane gives its entries in
   * order.
   */
  #nextEntries(): Entry[] {
    const entries: Entry[] = [];
    while (entries.length < this.#batchMax) {
      const lane = this.#ready[0];
      const first = lane?.waiting[0];
      if (lane === undefined || first === undefined) break;
      if (first.alone && entries.length > 0) break;
      this.#ready.shift();
      lane.busy = true;
      const most = first.alone ? 1 : this.#batchMax - entries.length;
      const until = lane.waiting.findIndex((entry, index) => index >= most || (entry.alone && index > 0));
      entries.push(...lane.waiting.splice(0, until === -1 ? lane.waiting.length : until));
      if (first.alone) break;
    }
    for (const entry of entries) entry.attempts++;
    return entries.sort((one, other) => one.handout.sequence - other.handout.sequence);
  }

  #invoke(call: Call): unknown {
    const { handle } = this.#options.subscription;
    const deliveries = call.entries.map((entry) => new InFlightDelivery(entry, call));
    if ("batch" in handle) return handle.batch(deliveries, call.abort().signal);
    const [delivery] = deliveries;
    return delivery === undefined ? undefined : handle.each(delivery.event, delivery);
  }

  #handled(call: Call): void {
    if (!this.#over(call)) return;
    this.#options.metrics.handled.add(call.entries.length);
    for (const entry of call.entries) this.#options.onHandled(entry.handout);
    this.#settled(call.entries);
  }

  #failed(call: Call, thrown: unknown): void {
    const error = errorFromUnknown(thrown);
    if (!this.#over(call)) return;
    const { metrics, logger, subscription } = this.#options;
    metrics.failed.add(call.entries.length);
    const [first] = call.entries;
    logger.warn("failed to handle an event", {
      subscription: subscription.label,
      event: first?.handout.event.id,
      type: first?.handout.event.type,
      events: call.entries.length,
      attempt: first?.attempts,
      error,
    });
    for (const [lane, entries] of this.#byLane(call.entries))
      this.#repeat(lane, entries, error, call.entries.length > 1);
    this.#schedule();
    this.#reportIdle();
  }

  /** Puts the entries back at the front of their lane, which continues after the pause of the first of them. */
  #repeat(lane: Lane, entries: readonly Entry[], error: TuttiError, fromBatch: boolean): void {
    const [first, ...others] = entries;
    if (first === undefined) return;
    lane.waiting.unshift(...others);
    for (const entry of entries) if (fromBatch) entry.alone = true;
    // A failed attempt of many entries shows little about each. The others get their attempt back.
    for (const entry of others) entry.attempts--;
    if (first.attempts >= this.#options.subscription.maxDeliveries) {
      void this.#abandon(first, error).then(() => this.#free(lane));
      return;
    }
    lane.waiting.unshift(first);
    if (this.#draining) return;
    const timer = this.#options.timers.after(this.#pauseMs(first.attempts), () => {
      this.#retries.delete(timer);
      this.#free(lane);
    });
    this.#retries.add(timer);
  }

  async #abandon({ handout, attempts }: Entry, error: TuttiError): Promise<void> {
    const { logger, metrics, subscription, onAbandoned } = this.#options;
    const { event, position } = handout;
    metrics.abandoned.add();
    logger.error("event dropped after too many deliveries", {
      subscription: subscription.label,
      event: event.id,
      type: event.type,
      position,
      attempts,
      error,
    });
    try {
      await onAbandoned(handout, attempts, error);
    } catch (failure) {
      logger.error("failed to report a dropped event", { event: event.id, error: failure });
    }
    if (this.#stopped) return;
    this.#inFlight--;
    if (!this.#draining) this.#options.onRoom();
  }

  #settled(entries: readonly Entry[]): void {
    this.#inFlight -= entries.length;
    for (const [lane] of this.#byLane(entries)) this.#free(lane);
    if (!this.#draining) this.#options.onRoom();
    this.#reportIdle();
  }

  /** The lane may continue, or is removed if it is empty. */
  #free(lane: Lane): void {
    lane.busy = false;
    if (lane.waiting.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.key);
    this.#schedule();
  }

  #byLane(entries: readonly Entry[]): Iterable<[Lane, Entry[]]> {
    const lanes = new Map<Lane, Entry[]>();
    for (const entry of entries) {
      const lane = this.#lanes.get(orderKeyOf(entry.handout.event));
      if (lane === undefined) continue;
      const known = lanes.get(lane);
      if (known === undefined) lanes.set(lane, [entry]);
      else known.push(entry);
    }
    return lanes;
  }

  /** Returns false if the call was over already. */
  #over(call: Call): boolean {
    if (call.over) return false;
    call.over = true;
    this.#calls.delete(call);
    return true;
  }

  #endOverdueCalls(): void {
    const { clock, subscription } = this.#options;
    const { ackWaitMs } = subscription;
    const now = clock.monotonic();
    for (const call of this.#calls) {
      if (now - call.startedMs < ackWaitMs) continue;
      const error = busErrors.handlingTimedOut({ ackWaitMs });
      this.#failed(call, error);
      call.abort().abort(error);
    }
  }

  #pauseMs(attempts: number): number {
    const { retryFirstMs, retryMaxMs } = this.#options.subscription;
    return backoffMs({ firstMs: retryFirstMs, maxMs: retryMaxMs }, attempts, this.#options.chance);
  }

  get #isIdle(): boolean {
    return this.#calls.size === 0 && this.#ready.length === 0;
  }

  #reportIdle(): void {
    if (this.#isIdle) this.#idle?.();
  }
}

/** An event in hand for its handler. The signal is created only if the handler reads it. */
class InFlightDelivery implements Delivery {
  readonly event: BusEvent;
  readonly position: Position;
  readonly attempt: number;
  readonly #call: Call;

  constructor({ handout, attempts }: Entry, call: Call) {
    this.event = handout.event;
    this.position = handout.position;
    this.attempt = attempts;
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.abort().signal;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
