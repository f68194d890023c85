/** Common part of all subscriptions of all buses: a dispatcher, safe notification of gaps, and an end. */
import type { Clock, Logger, TuttiError } from "@tutti/kernel";
import type { Gap, Subscription } from "../port.ts";
import { Dispatcher, type Handout } from "./dispatcher.ts";
import { type SubscriptionMetrics, subscriptionMetrics } from "./metrics.ts";
import type { ResolvedSubscription } from "./options.ts";
import type { BusPorts } from "./ports.ts";

const warnEveryMs = 30_000;

export abstract class Subscriber implements Subscription {
  readonly closed: Promise<void>;
  protected readonly subscription: ResolvedSubscription;
  protected readonly dispatcher: Dispatcher;
  protected readonly logger: Logger;
  protected readonly metrics: SubscriptionMetrics;
  readonly #ended = Promise.withResolvers<void>();
  /** Aborted by the first caller that no longer waits for handlers. */
  readonly #hurry = new AbortController();
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;
  #ending = false;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(subscription: ResolvedSubscription, ports: BusPorts) {
    const { clock, timers, chance } = ports;
    this.subscription = subscription;
    this.#clock = clock;
    this.logger = ports.logger.child({ subscription: subscription.label });
    this.metrics = subscriptionMetrics(ports.metrics, subscription.label);
    this.closed = this.#ended.promise;
    this.dispatcher = new Dispatcher({
      subscription,
      clock,
      timers,
      chance,
      logger: this.logger,
      metrics: this.metrics,
      onHandled: (handout) => this.onHandled(handout),
      onAbandoned: (handout, attempts, error) => this.onAbandoned(handout, attempts, error),
      onRoom: () => this.onRoom(),
    });
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#ending = true;
    if (signal?.aborted === true) this.#hurry.abort();
    signal?.addEventListener("abort", () => this.#hurry.abort(), { once: true });
    this.#closing ??= this.shutDown(this.#hurry.signal).finally(() => this.#ended.resolve());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected get closing(): boolean {
    return this.#ending;
  }

  protected abstract onHandled(handout: Handout): void;
  protected abstract onAbandoned(handout: Handout, attempts: number, error: TuttiError): void | Promise<void>;
  protected abstract onRoom(): void;
  /** Stops the dispatcher and releases the resources of the subscription. */
  protected abstract shutDown(signal: AbortSignal): Promise<void>;

  /** A subscriber that stays too slow logs that now and then, not at every event. */
  #warn(gap: Gap): void {
    const now = this.#clock.monotonic();
    if (now - this.#warnedMs < warnEveryMs) return;
    this.#warnedMs = now;
    this.logger.warn("subscription skipped events", { reason: gap.reason, count: gap.count });
  }

  protected reportGap(gap: Gap): void {
    this.#warn(gap);
    if (gap.reason === "slow" && gap.count !== undefined) this.metrics.dropped.add(gap.count);
    try {
      this.subscription.onGap(gap);
    } catch (error) {
      this.logger.error("subscription failed to handle a gap", { error });
    }
  }
}
