/** Subscriptions that outlive their client. */
import type { Msg, NatsConnection as NatsClient, Subscription } from "@nats-io/transport-node";
import type { Logger } from "@tutti/kernel";

export interface ReconnectingSubscription {
  close(): void;
  /** Closes it, and resolves when pending messages have been delivered. */
  drain(): Promise<void>;
}

interface Entry {
  readonly subject: string;
  readonly onMessage: (message: Msg) => void;
  subscription: Subscription | undefined;
}

export class ReconnectingSubscriptions {
  readonly #logger: Logger;
  readonly #isConnected: () => boolean;
  readonly #entries = new Set<Entry>();
  #client: NatsClient | undefined;

  /** @param isConnected whether requests can reach the server now */
  constructor(logger: Logger, isConnected: () => boolean) {
    this.#logger = logger;
    this.#isConnected = isConnected;
  }

  /** Subscribes all of them on this client. It restores them itself after each of its reconnects. */
  attach(client: NatsClient): void {
    this.#client = client;
    for (const entry of this.#entries) this.#subscribe(client, entry);
  }

  subscribe(subject: string, onMessage: (message: Msg) => void): ReconnectingSubscription {
    const entry: Entry = { subject, onMessage, subscription: undefined };
    this.#entries.add(entry);
    if (this.#client !== undefined && !this.#client.isClosed()) this.#subscribe(this.#client, entry);
    return {
      close: () => {
        this.#entries.delete(entry);
        entry.subscription?.unsubscribe();
      },
      drain: async () => {
        this.#entries.delete(entry);
        // Without a server no message is under way, and the close does not wait for a reconnect.
        if (this.#isConnected()) await entry.subscription?.drain().catch(() => undefined);
        else entry.subscription?.unsubscribe();
      },
    };
  }

  #subscribe(client: NatsClient, entry: Entry): void {
    const { subject, onMessage } = entry;
    entry.subscription = client.subscribe(subject, {
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
