/**
 * Typed events. A listener that throws, or whose promise is rejected, harms no other: the others are called, the
 * emitter continues, and the failure is reported.
 */
export type Listener<Payload> = (payload: Payload) => unknown;

/** Takes a listener off again. Doing so twice does nothing. */
export type Unsubscribe = () => void;

/** Told about listeners that failed. */
export type ListenerFailed = (event: string, error: unknown) => void;

type Subscriptions<Events> = { [Name in keyof Events]?: Subscription<Events[Name]>[] };

/** One call of `on`: the same function subscribed twice is called twice, and each is taken off for itself. */
interface Subscription<Payload> {
  readonly listener: Listener<Payload>;
  readonly once: boolean;
}

/** The giving end alone. */
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

  /** Calls the listener at every such event, in the order of subscription. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): Unsubscribe {
    return this.#subscribe(event, { listener, once: false });
  }

  /** Calls the listener at the next such event only. */
  once<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): Unsubscribe {
    return this.#subscribe(event, { listener, once: true });
  }

  /** Takes all subscriptions of this listener to the event off. */
  off<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): void {
    this.#keep(event, (subscription) => subscription.listener !== listener);
  }

  /**
   * Calls everyone who had subscribed when it started and has not left since. Listeners run to their first `await`.
   * What they do after it is not waited for.
   */
  emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    const subscriptions = this.#subscriptions[event];
    if (subscriptions === undefined) return;
    for (const subscription of subscriptions) {
      if (!this.#subscriptions[event]?.includes(subscription)) continue;
      // Taken off before it is called, or a listener that emits the same event would be called again.
      if (subscription.once) this.#keep(event, (other) => other !== subscription);
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
    // A new list each time: one that is being called stays as it was.
    this.#subscriptions[event] = [...(this.#subscriptions[event] ?? []), subscription];
    return () => this.#keep(event, (other) => other !== subscription);
  }

  #keep<Name extends keyof Events & string>(
    event: Name,
    wanted: (subscription: Subscription<Events[Name]>) => boolean,
  ): void {
    const left = this.#subscriptions[event]?.filter(wanted) ?? [];
    if (left.length > 0) this.#subscriptions[event] = left;
    else delete this.#subscriptions[event];
  }
}
