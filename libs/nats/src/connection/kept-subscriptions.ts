/** Subscriptions that outlive their client. */
import type { Msg, NatsConnection as NatsClient, Subscription } from "@nats-io/transport-node";
import type { Logger } from "@tutti/kernel";

export interface KeptSubscription {
  close(): void;
  /** Closes it, and resolves when pending messages have been delivered. */
  drain(): Promise<void>;
}

interface Kept {
  readonly subject: string;
  readonly onMessage: (message: Msg) => void;
  subscription: Subscription | undefined;
}

export class KeptSubscriptions {
  readonly #logger: Logger;
  readonly #isConnected: () => boolean;
  readonly #kept = new Set<Kept>();
  #client: NatsClient | undefined;

  /** @param isConnected whether requests can reach the server now */
  constructor(logger: Logger, isConnected: () => boolean) {
    this.#logger = logger;
    this.#isConnected = isConnected;
  }

  /** Subscribes all of them on this client. It restores them itself after each of its reconnects. */
  attach(client: NatsClient): void {
    this.#client = client;
    for (const kept of this.#kept) this.#subscribe(client, kept);
  }

  keep(subject: string, onMessage: (message: Msg) => void): KeptSubscription {
    const kept: Kept = { subject, onMessage, subscription: undefined };
    this.#kept.add(kept);
    if (this.#client !== undefined && !this.#client.isClosed()) this.#subscribe(this.#client, kept);
    return {
      close: () => {
        this.#kept.delete(kept);
        kept.subscription?.unsubscribe();
      },
      drain: async () => {
        this.#kept.delete(kept);
        // Without a server no message is under way, and the close does not wait for a reconnect.
        if (this.#isConnected()) await kept.subscription?.drain().catch(() => undefined);
        else kept.subscription?.unsubscribe();
      },
    };
  }

  #subscribe(client: NatsClient, kept: Kept): void {
    const { subject, onMessage } = kept;
    kept.subscription = client.subscribe(subject, {
      callback: (refusal, message) => {
        if (refusal !== null) {
          this.#logger.warn("NATS rejected a subscription", { subject, error: refusal });
          return;
        }
        try {
          onMessage(message);
        } catch (error) {
          // An error thrown from here would stop the client's reading of everything after this message.
          this.#logger.error("failed to process a message from NATS", { subject, error });
        }
      },
    });
  }
}
