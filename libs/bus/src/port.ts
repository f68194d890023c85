/**
 * The event bus: what happened, reported to the caller that wants to know. Two implementations with the same behaviour,
 * one within the process and one over NATS. One suite of tests runs on both.
 *
 * 1. Delivery is at least once. A repeated publication (same namespace and id, within the time the bus remembers) is
 *    not delivered again. A handler may still see an event twice, after a crash or a lost acknowledgement.
 * 2. Events of one source and subject are kept in the order of their publication by one publisher. A subscription hands
 *    them out in that order and never two of them at once. While one is being retried, those after it wait. Two limits:
 *    members of a durable subscription work side by side, and events in the hands of a member that dies come again
 *    later. `inOrder: "all"` has neither limit and is slow.
 * 3. No publisher waits for a slow subscriber. A durable one lags behind in the log at its own pace. A live one that
 *    falls behind more than its buffer loses the oldest events and gets their count.
 */
import type { BusEvent, EventInput } from "./event/event.ts";
import type { Position } from "./event/position.ts";

export interface Bus {
  /**
   * Resolves when all events are taken in: kept in the log, durable where the log is. Rejects with `bus.not_accepted`
   * when that is not known in time. Repeating the same events is harmless.
   */
  publish(events: readonly EventInput[], options?: PublishOptions): Promise<void>;
  /** Resolves when the beginning is fixed: what is published from then on will be delivered. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** The place after the newest event: a subscription that starts after it gets each later event. */
  tail(): Promise<Position>;
  /** Removes the cursor of a durable subscription. Resolves with whether there was one. */
  removeCursor(durable: string, namespace?: string): Promise<boolean>;
}

export interface PublishOptions {
  /** How long to wait for room and confirmation. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Where a subscription starts. A durable one that exists continues where it is and ignores this. */
export type Start =
  /** With what is published from now on. */
  | "new"
  /** With the oldest event that is kept. */
  | "first"
  /** After an event, by the position it was delivered with. */
  | { readonly after: Position | string };

export interface SubscribeOptions {
  /** Types wanted, with `*` for a word and `>` for the rest: `tutti.workflow.run.*`. */
  readonly pattern: string;
  /** Default: all. */
  readonly namespace?: string;
  /**
   * With a name, the bus keeps the place: after a restart the subscription continues where it was. All that are open
   * under one name (and namespace) are a group: each event goes to one of them. Without a name the subscription is
   * live: it ends with the process, and a lagging one leaves events out.
   */
  readonly durable?: string;
  /** Default `new`. */
  readonly start?: Start;
  readonly handle: Handle;
  /** Told of events that were left out, before the first one after them. */
  readonly onGap?: (gap: Gap) => void;
  /**
   * `subject`: order per source and subject, as above. `all`: one event at a time over all members of the group, in
   * the order of the log, also when a member dies. Default `subject`.
   */
  readonly inOrder?: "subject" | "all";
  /** Events in hand at once: being handled, or waiting for a retry. Default 64. */
  readonly maxInFlight?: number;
  /** How long a handler may take before its event is delivered again. Default 30,000. */
  readonly ackWaitMs?: number;
  /** Deliveries after which an event is given up. Default 10. */
  readonly maxDeliveries?: number;
  /** Pauses before a repetition double from the first to the longest. Default 200 to 30,000. */
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
  /** Events a live subscription may lag before it leaves out the oldest. Default 1,024. */
  readonly bufferMax?: number;
  /** For metrics and logs. A word of a bounded set. Default: the durable name, or `live`. */
  readonly label?: string;
}

/**
 * A handler of events. Returning (or resolving) acknowledges them. If it throws, they are delivered again after a
 * pause. After `maxDeliveries` they are given up: a durable subscription then publishes `tutti.bus.event.abandoned`.
 */
export type Handle =
  /** One at a time, those of different subjects side by side. */
  | { readonly each: (event: BusEvent, delivery: Delivery) => unknown }
  /** As many as there are, up to a number. One batch at a time. After a failure its events come again one by one. */
  | {
      readonly batch: (deliveries: readonly Delivery[], signal: AbortSignal) => unknown;
      readonly batchMax: number;
    };

export interface Delivery {
  readonly event: BusEvent;
  /** Where to continue after this event. */
  readonly position: Position;
  /** How often it was delivered so far, this time included. */
  readonly attempt: number;
  /** Aborted when the handler has taken too long. */
  readonly signal: AbortSignal;
}

/** Events that will not be delivered. */
export interface Gap {
  /**
   * `slow`: a live subscription fell behind more than its buffer. `retention`: the log no longer had them. `reset`: the
   * position belongs to another log. Reading starts with the oldest event that is kept.
   */
  readonly reason: "slow" | "retention" | "reset";
  /** How many were left out. Undefined if unknown: there may have been none that were wanted. */
  readonly count: number | undefined;
}

export interface Subscription extends AsyncDisposable {
  /**
   * Takes nothing more, brings to an end what is in hand (at most `maxInFlight` events, until the signal is aborted),
   * and gives back the rest. Not to be awaited by a handler of its own.
   */
  close(signal?: AbortSignal): Promise<void>;
  /** Resolves when it ended: closed, or given up because the bus stopped. */
  readonly closed: Promise<void>;
}
