/**
 * What all subscriptions of all buses have in common: a dispatcher, gaps told without harm, and an end.
 */
import type { Logger, TuttiError } from "@tutti/kernel";
import type { Gap, Subscription } from "../port.ts";
import { Dispatcher, type Handout } from "./dispatcher.ts";
import { type SubscriptionMetrics, subscriptionMetrics } from "./metrics.ts";
import type { ResolvedSubscription } from "./options.ts";
import type { BusPorts } from "./ports.ts";

export abstract class Subscriber implements Subscription {
  readonly closed: Promise<void>;
  protected readonly subscription: ResolvedSubscription;
  protected readonly dispatcher: Dispatcher;
  protected readonly logger: Logger;
  protected readonly metrics: SubscriptionMetrics;
  readonly #ended = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;
  #ending = false;

  constructor(subscription: ResolvedSubscription, ports: BusPorts) {
    const { clock, timers, chance } = ports;
    this.subscription = subscription;
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
    this.#closing ??= this.end(signal).finally(() => this.#ended.resolve());
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
  /** Stops the dispatcher and puts away what the subscription holds. */
  protected abstract end(signal: AbortSignal | undefined): Promise<void>;

  protected tellGap(gap: Gap): void {
    this.logger.warn("a subscription left events out", { reason: gap.reason, count: gap.count });
    if (gap.reason === "slow" && gap.count !== undefined) this.metrics.leftOut.add(gap.count);
    try {
      this.subscription.onGap(gap);
    } catch (error) {
      this.logger.error("a subscription failed to take a gap in", { error });
    }
  }
}
