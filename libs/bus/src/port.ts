/**
 * The event bus delivers events to subscribers. There are two implementations with the same behaviour, one within the
 * process and one over NATS. One test suite runs on both.
 *
 * 1. Delivery is at least once. A repeated publication (same namespace and id, within the time the bus remembers) is
 *    not delivered again. A handler may still see an event twice, after a crash or a lost acknowledgement.
 * 2. Events of one source and subject are kept in the order of their publication by one publisher. A subscription
 *    delivers them in that order, one at a time. While one is being retried, those after it wait. There are two limits:
 *    members of a durable subscription work concurrently, and events of a member that dies are delivered again later.
 *    `inOrder: "all"` has neither limit and is slow.
 * 3. No publisher waits for a slow subscriber. A durable subscription reads the log at its own pace. A live
 *    subscription that lags by more than its buffer loses the oldest events and gets their count.
 */
import type { BusEvent, EventInput } from "./event/event.ts";
import type { Position } from "./event/position.ts";

export interface Bus {
  /**
   * Resolves when all events are in the log, and durable if the log is. Rejects with `bus.not_accepted` if that is not
   * known in time. Repeating the same events is harmless.
   */
  publish(events: readonly EventInput[], options?: PublishOptions): Promise<void>;
  /** Resolves when the start is fixed: events published from then on will be delivered. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Returns the position after the newest event: a subscription that starts after it gets each later event. */
  tail(): Promise<Position>;
  /** Removes the cursor of a durable subscription. Resolves with whether there was one. */
  removeCursor(durable: string, namespace?: string): Promise<boolean>;
}

export interface PublishOptions {
  /** Maximum wait for room and confirmation, milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** Start of a subscription. An existing durable one continues at its position and ignores this. */
export type Start =
  /** Events published from now on. */
  | "new"
  /** All retained events, from the oldest on. */
  | "first"
  /** Events after the one with this position. */
  | { readonly after: Position | string };

export interface SubscribeOptions {
  /** Pattern of types, with `*` for a word and `>` for the rest: `tutti.workflow.run.*`. */
  readonly pattern: string;
  /** Default: all namespaces. */
  readonly namespace?: string;
  /**
   * With a name, the bus stores the position: after a restart the subscription continues from it. All open
   * subscriptions of one name (and namespace) are a group: each event goes to one of them. Without a name the
   * subscription is live: it ends with the process, and a lagging one drops events.
   */
  readonly durable?: string;
  /** Default: `new`. */
  readonly start?: Start;
  readonly handle: Handle;
  /** Called for dropped events, before the first later one. */
  readonly onGap?: (gap: Gap) => void;
  /**
   * `subject`: order per source and subject, as above. `all`: one event at a time over all members of the group, in the
   * order of the log, even if a member dies. Default: `subject`.
   */
  readonly inOrder?: "subject" | "all";
  /** Maximum number of events being handled or waiting for a retry. Default: 64. */
  readonly maxInFlight?: number;
  /** Timeout of a handler in milliseconds, after which its event is delivered again. Default: 30,000. */
  readonly ackWaitMs?: number;
  /** Number of deliveries after which an event is abandoned. Default: 10. */
  readonly maxDeliveries?: number;
  /** Pauses before a repetition double from the first to the longest, milliseconds. Default: 200 to 30,000. */
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
  /** Number of events that a live subscription may lag before it drops the oldest. Default: 1,024. */
  readonly bufferMax?: number;
  /** For metrics and logs. A word of a bounded set. Default: the durable name, or `live`. */
  readonly label?: string;
}

/**
 * A handler of events. Returning (or resolving) acknowledges them. If it throws, they are delivered again after a
 * pause. After `maxDeliveries` they are abandoned: a durable subscription then publishes `tutti.bus.event.abandoned`.
 */
export type Handle =
  /** One event at a time per subject, different subjects concurrently. */
  | { readonly each: (event: BusEvent, delivery: Delivery) => unknown }
  /**
   * All waiting events, up to a maximum number. One batch at a time. After a failure its events are delivered again one
   * by one.
   */
  | {
      readonly batch: (deliveries: readonly Delivery[], signal: AbortSignal) => unknown;
      readonly batchMax: number;
    };

export interface Delivery {
  readonly event: BusEvent;
  /** Position for continuing after this event. */
  readonly position: Position;
  /** Number of deliveries so far, including this one. */
  readonly attempt: number;
  /** Aborted when the handler has timed out. */
  readonly signal: AbortSignal;
}

/** Events that will not be delivered. */
export interface Gap {
  /**
   * `slow`: a live subscription lagged by more than its buffer. `retention`: the log no longer had them. `reset`: the
   * position belongs to another log. Reading starts with the oldest retained event.
   */
  readonly reason: "slow" | "retention" | "reset";
  /** Number of dropped events. Undefined if unknown: perhaps none of them matched. */
  readonly count: number | undefined;
}

export interface Subscription extends AsyncDisposable {
  /**
   * Accepts no more events, finishes those in hand (at most `maxInFlight`, until the signal is aborted), and returns
   * the rest. A handler must not await the close of its own subscription.
   */
  close(signal?: AbortSignal): Promise<void>;
  /** Resolves at the end: closed, or abandoned because the bus stopped. */
  readonly closed: Promise<void>;
}
