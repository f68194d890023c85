/**
 * Typed events. A listener that throws, or whose promise is rejected, does not affect others: they are called, the
 * emitter continues, and the failure is reported.
 */
export type Listener<Payload> = (payload: Payload) => unknown;

/** Removes a listener. A second call has no effect. */
export type Unsubscribe = () => void;

/** Called for listeners that failed. */
export type ListenerFailed = (event: string, error: unknown) => void;

type Subscriptions<Events> = { [Name in keyof Events]?: Subscription<Events[Name]>[] };

/**
 * One call of `on`: a function that is subscribed twice is called twice, and each subscription is removed separately.
 */
interface Subscription<Payload> {
  readonly listener: Listener<Payload>;
  readonly once: boolean;
}

/** The interface of the emitting side. */
export interface Emits<Events extends object> {
  emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void;
}

export class Emitter<Events extends object> {
  readonly #failed: ListenerFailed;
  // Without a prototype, so that an event may have any name.
  readonly #subscriptions: Subscriptions<Events> = Object.create(null);

  constructor(failed: ListenerFailed) {
    this.#failed = failed;
  }

  /** Calls the listener at every event of this name, in the order of subscription. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): Unsubscribe {
    return this.#subscribe(event, { listener, once: false });
  }

  /** Calls the listener at the next event of this name only. */
  once<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): Unsubscribe {
    return this.#subscribe(event, { listener, once: true });
  }

  /** Removes all subscriptions of this listener to the event. */
  off<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): void {
    this.#retain(event, (subscription) => subscription.listener !== listener);
  }

  /**
   * Calls all listeners that were subscribed at the start of the call and were not removed since. Listeners run to
   * their first `await`, and the rest is not awaited.
   */
  emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    const subscriptions = this.#subscriptions[event];
    if (subscriptions === undefined) return;
    for (const subscription of subscriptions) {
      if (!this.#subscriptions[event]?.includes(subscription)) continue;
      // Removed before the call, or a listener that emits the same event would be called again.
      if (subscription.once) this.#retain(event, (other) => other !== subscription);
      this.#call(event, subscription.listener, payload);
    }
  }

  listenerCount(event: keyof Events & string): number {
    return this.#subscriptions[event]?.length ?? 0;
  }

  #call<Payload>(event: string, listener: Listener<Payload>, payload: Payload): void {
    try {
      const outcome = listener(payload);
      if (outcome instanceof Promise) outcome.catch((error: unknown) => this.#failed(event, error));
    } catch (error) {
      this.#failed(event, error);
    }
  }

  #subscribe<Name extends keyof Events & string>(
    event: Name,
    subscription: Subscription<Events[Name]>,
  ): Unsubscribe {
    // A new list each time, because an emit may be iterating over the old one.
    this.#subscriptions[event] = [...(this.#subscriptions[event] ?? []), subscription];
    return () => this.#retain(event, (other) => other !== subscription);
  }

  #retain<Name extends keyof Events & string>(
    event: Name,
    predicate: (subscription: Subscription<Events[Name]>) => boolean,
  ): void {
    const remaining = this.#subscriptions[event]?.filter(predicate) ?? [];
    if (remaining.length > 0) this.#subscriptions[event] = remaining;
    else delete this.#subscriptions[event];
  }
}
