/**
 * Outlet for a service's events: accepts them without blocking the caller, and publishes them in batches.
 *
 * 1. Events are published in the order in which they were accepted.
 * 2. While the bus accepts nothing they are kept, up to a maximum number. Further ones are dropped, counted, and shown
 *    in the health. Readers that need every event read the journal instead.
 * 3. An event that the bus refuses for good (too large, or invalid) is dropped and does not delay the others.
 */
import {
  backoffBoundMs,
  type Component,
  type CounterCell,
  degraded,
  type Foundation,
  type Health,
  healthy,
  sleep,
  TuttiError,
} from "@tutti/kernel";
import type { EventInput } from "../event/event.ts";
import type { Bus } from "../port.ts";

export interface EventOutletOptions {
  /** Maximum number of events kept while the bus accepts nothing. */
  readonly waitingMax?: number;
  readonly batchMax?: number;
  /** First pause before a repetition. It doubles up to the longest. */
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
}

const defaults: Required<EventOutletOptions> = {
  waitingMax: 10_000,
  batchMax: 500,
  retryFirstMs: 200,
  retryMaxMs: 10_000,
};

export class EventOutlet implements Component {
  readonly #bus: Pick<Bus, "publish">;
  readonly #ports: Pick<Foundation, "timers" | "logger">;
  readonly #options: Required<EventOutletOptions>;
  readonly #dropped: CounterCell;
  readonly #stopping = new AbortController();
  #waiting: EventInput[] = [];
  #sending: Promise<void> | undefined;
  #problem = "";

  constructor(
    bus: Pick<Bus, "publish">,
    foundation: Pick<Foundation, "timers" | "logger" | "metrics">,
    options: EventOutletOptions = {},
  ) {
    this.#bus = bus;
    this.#ports = foundation;
    this.#options = { ...defaults, ...options };
    this.#dropped = foundation.metrics
      .counter({
        name: "tutti_bus_outlet_left_out_total",
        help: "Events dropped because the bus rejected them or the publish queue was full.",
      })
      .with({});
  }

  /** Accepts an event, or undefined, and sends it as soon as the bus accepts it. */
  publish(event: EventInput | undefined): void {
    if (event === undefined) return;
    if (this.#waiting.length >= this.#options.waitingMax) {
      this.#dropped.add();
      return;
    }
    this.#waiting.push(event);
    this.#sending ??= this.#send();
  }

  /** Resolves when all accepted events are published, or the signal is aborted. */
  async drain(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.#sending, aborted]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#sending;
  }

  health(): Health {
    return this.#problem === "" ? healthy : degraded(this.#problem, { waiting: this.#waiting.length });
  }

  #drop(error: TuttiError): void {
    const event = this.#waiting.shift();
    this.#dropped.add();
    this.#ports.logger.error("bus rejected an event, skipped", {
      event: event?.id,
      type: event?.type,
      error,
    });
  }

  async #send(): Promise<void> {
    // Not in the caller's own step, so that further events of that step are in the same batch.
    await Promise.resolve();
    const { batchMax, retryFirstMs, retryMaxMs } = this.#options;
    let failures = 0;
    /** Number of events to send one by one: one of them was refused for good together with its batch. */
    let suspects = 0;
    while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      const batch = this.#waiting.slice(0, suspects > 0 ? 1 : batchMax);
      try {
        await this.#bus.publish(batch);
        this.#waiting.splice(0, batch.length);
        this.#problem = "";
        failures = 0;
        suspects = Math.max(0, suspects - 1);
      } catch (error) {
        if (error instanceof TuttiError && !error.retryable) {
          if (batch.length === 1) this.#drop(error);
          suspects = batch.length === 1 ? Math.max(0, suspects - 1) : batch.length;
          continue;
        }
        if (this.#problem === "") this.#ports.logger.warn("bus accepts no events, retrying", { error });
        this.#problem = "the bus takes no events";
        const pauseMs = backoffBoundMs({ firstMs: retryFirstMs, maxMs: retryMaxMs }, ++failures);
        await sleep(this.#ports.timers, pauseMs, this.#stopping.signal).catch(() => {});
      }
    }
    this.#sending = undefined;
  }
}
