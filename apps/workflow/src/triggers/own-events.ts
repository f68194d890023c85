/**
 * Subscribes triggers to events of Tutti itself. All processes share one position in the log of events: each
 * event is delivered by one of them, again after a crash, and the trigger counts it once.
 */
import type { Bus, Subscription } from "@tutti/bus";
import type { Component, Foundation } from "@tutti/kernel";
import type { Deliveries } from "./deliveries.ts";
import type { TriggerIndex } from "./trigger-index.ts";

export interface OwnEventsParts {
  readonly bus: Pick<Bus, "subscribe">;
  readonly index: Pick<TriggerIndex, "onChange" | "hasOwnEventTriggers">;
  readonly deliveries: Pick<Deliveries, "deliver">;
  readonly foundation: Pick<Foundation, "logger">;
}

const batchMax = 500;
/** An event is never dropped: an invalid one becomes a dead letter, and any other failure is an outage. */
const deliveriesMax = 1_000_000;

export class OwnEvents implements Component {
  readonly #parts: OwnEventsParts;
  #subscription: Promise<Subscription> | undefined;
  #isStopped = false;

  constructor(parts: OwnEventsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.index.onChange(() => this.#listen());
    this.#listen();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await (await this.#subscription?.catch(() => undefined))?.close();
  }

  /** Subscribes only if a trigger wants events: otherwise they are not even read. */
  #listen(): void {
    const { bus, index, deliveries, foundation } = this.#parts;
    if (this.#isStopped || this.#subscription !== undefined || !index.hasOwnEventTriggers) return;
    this.#subscription = bus.subscribe({
      pattern: "tutti.>",
      durable: "triggers",
      start: "new",
      maxInFlight: 2 * batchMax,
      maxDeliveries: deliveriesMax,
      handle: { batch: (messages) => deliveries.deliver(messages.map(({ event }) => event)), batchMax },
      onGap: ({ reason }) => foundation.logger.warn("triggers missed events of the platform", { reason }),
    });
    this.#subscription.catch((error: unknown) => {
      foundation.logger.error("triggers cannot receive events of the platform, retrying", { error });
      this.#subscription = undefined;
    });
  }
}
