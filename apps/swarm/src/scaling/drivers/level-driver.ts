/**
 * An external service starts and stops the agents. The driver sends it the wanted number: at once when it changes, with
 * retries and back-off until it is accepted, and periodically. The period corrects a service that lost the number.
 *
 * Only the newest number is sent.
 */
import {
  backoffMs,
  durationText,
  errorFromUnknown,
  type Foundation,
  type Timer,
  type TuttiError,
} from "@tutti/kernel";
import type { Closing, Driver, DriverStatus } from "./driver.ts";

export interface RequestedLevel {
  readonly count: number;
  readonly reason: string;
}

/** The reply of the service. */
export interface LevelReply {
  /** Agents that are starting. */
  readonly starting: number;
  /** When the number is sent again if nothing changes. */
  readonly repeatAfterMs: number;
  /** Why agents are missing although the service accepted the number. */
  readonly error?: TuttiError | undefined;
}

export interface LevelDriverParts {
  readonly kind: "webhook" | "kubernetes";
  readonly scalerId: string;
  readonly foundation: Foundation;
  /** Sends the wanted number. Throws if the service did not accept it. */
  readonly send: (requested: RequestedLevel, signal: AbortSignal) => Promise<LevelReply>;
  /** Called after each failure. */
  readonly failed?: (error: TuttiError) => void;
}

const backoff = { firstMs: 500, maxMs: 60_000 };
const answerMs = 10_000;

export class LevelDriver implements Driver {
  readonly kind: "webhook" | "kubernetes";
  readonly #parts: LevelDriverParts;
  #requested: RequestedLevel | undefined;
  /** The last accepted number. */
  #applied: RequestedLevel | undefined;
  #failures = 0;
  #error: TuttiError | undefined;
  #timer: Timer | undefined;
  #calling: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #reply: LevelReply = { starting: 0, repeatAfterMs: 0 };
  #isClosed = false;

  constructor(parts: LevelDriverParts) {
    this.kind = parts.kind;
    this.#parts = parts;
  }

  setCount(count: number, reason: string): void {
    if (this.#isClosed || this.#requested?.count === count) return;
    this.#requested = { count, reason };
    if (this.#calling === undefined) this.#sendIn(0);
  }

  status(): DriverStatus {
    return { starting: this.#reply.starting, quarantined: 0, error: this.#error };
  }

  /** Sends no further number. The service ends its agents itself. */
  async close(mode: Closing): Promise<void> {
    if (this.#isClosed) return;
    if (mode === "deleted") this.setCount(0, "the scaler is deleted");
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#calling?.abort.abort();
    await this.#calling?.done;
    if (mode === "deleted") await this.#apply();
  }

  #sendIn(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.foundation.timers.after(ms, () => {
      const abort = new AbortController();
      const done = this.#apply(abort.signal).finally(() => {
        this.#calling = undefined;
        if (!this.#isClosed) this.#sendIn(this.#nextMs());
      });
      this.#calling = { abort, done };
    });
  }

  #nextMs(): number {
    if (this.#failures > 0) return backoffMs(backoff, this.#failures, this.#parts.foundation.chance);
    return this.#applied === this.#requested ? this.#reply.repeatAfterMs : 0;
  }

  async #apply(stopped?: AbortSignal): Promise<void> {
    const { kind, scalerId, foundation, send, failed } = this.#parts;
    const requested = this.#requested;
    if (requested === undefined) return;
    const late = new AbortController();
    const timer = foundation.timers.after(answerMs, () =>
      late.abort(new Error(`no answer in ${durationText(answerMs)}`)),
    );
    try {
      const signal = stopped === undefined ? late.signal : AbortSignal.any([late.signal, stopped]);
      this.#reply = await send(requested, signal);
      this.#applied = requested;
      this.#failures = 0;
      this.#error = this.#reply.error;
    } catch (thrown) {
      this.#failures++;
      this.#error = errorFromUnknown(thrown);
      failed?.(this.#error);
      foundation.logger.warn("failed to report the number of wanted agents", {
        driver: kind,
        scaler: scalerId,
        wanted: requested.count,
        failures: this.#failures,
        error: this.#error,
      });
    } finally {
      timer.cancel();
    }
  }
}
