/** Sends a partition's messages, a batch per channel at a time, and repeats them until they are confirmed. */
import {
  type Backoff,
  backoffMs,
  type Chance,
  type Delivery,
  type Logger,
  sleep,
  type Timers,
} from "@tutti/kernel";
import type { Channel, Outbox } from "./outbox.ts";

export interface OutboxSenderParts {
  readonly service: string;
  readonly partition: number;
  readonly outbox: Outbox;
  readonly deliver: Delivery["deliver"];
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
}

/** Bounds of one delivery. */
const messagesMax = 1_024;
const bytesMax = 1024 * 1024;
const pause: Backoff = { firstMs: 20, maxMs: 5_000 };

export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #stopping = new AbortController();

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
  }

  /** Sends everything that may leave. */
  start(): void {
    for (const channel of this.#parts.outbox.channels) this.send(channel);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Sends messages of a channel that may leave, unless a delivery is under way. */
  send(channel: Channel): void {
    if (channel.isSending || this.#stopping.signal.aborted) return;
    void this.#sendAll(channel);
  }

  async #sendAll(channel: Channel): Promise<void> {
    const { outbox } = this.#parts;
    const { signal } = this.#stopping;
    channel.isSending = true;
    try {
      while (!signal.aborted) {
        const batch = outbox.outgoing(channel, messagesMax, bytesMax);
        if (batch.length === 0) return;
        const confirmedBefore = channel.confirmed;
        await this.#sendOne(channel, batch);
        if (channel.confirmed > confirmedBefore) channel.failures = 0;
        else await this.#pause(channel);
      }
    } finally {
      // Cleared before anything else runs: otherwise a message released a moment later would wait for the next one.
      channel.isSending = false;
    }
  }

  async #sendOne(channel: Channel, batch: ReturnType<Outbox["outgoing"]>): Promise<void> {
    const { service, partition, deliver, outbox, logger } = this.#parts;
    const { signal } = this.#stopping;
    try {
      const upTo = await deliver(channel.place, { service, partition, envelopes: batch }, signal);
      if (!signal.aborted) outbox.confirm(channel, upTo);
    } catch (error) {
      // It is unknown whether they arrived. They are sent again, and the receiver recognises duplicates by their
      // numbers.
      if (!signal.aborted) logger.debug("messages not confirmed, resending", { to: channel.place, error });
    }
  }

  async #pause(channel: Channel): Promise<void> {
    channel.failures++;
    const { timers, chance } = this.#parts;
    try {
      await sleep(timers, backoffMs(pause, channel.failures, chance), this.#stopping.signal);
    } catch {
      // Stopped: the loop ends.
    }
  }
}
