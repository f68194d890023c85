/**
 * Runs an operation that may fail, so that it ends in one of these ways, and its end is reported:
 *
 * 1. `succeeded`: its value is given.
 * 2. `failed`, `timed_out`, `cancelled`: a `TuttiError` is thrown, with the original error in its chain of causes.
 * 3. `defaulted`: it failed or timed out, and the caller had declared a default. Nothing else turns a failure into a
 *    value. A caller that cancelled gets none.
 *
 * It is repeated only if its error allows that, never beyond the attempts, the deadline or the caller's signal. A pause
 * is drawn at random from zero to a bound that doubles ("full jitter"). So callers that failed together do not retry
 * together. An error may request a longer pause.
 */
import { errorFromUnknown } from "../errors/from-unknown.ts";
import type { TuttiError } from "../errors/tutti-error.ts";
import type { Chance } from "../ports/chance.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { sleep, type Timers } from "../ports/timers.ts";
import { type Backoff, backoffBoundMs } from "../retry/backoff.ts";
import { withDeadline } from "./deadline.ts";
import { lifecycleErrors } from "./errors.ts";

export type ExecutionOutcome = "succeeded" | "defaulted" | "failed" | "timed_out" | "cancelled";

export interface RetryOptions {
  /** Maximum number of attempts. 1 never repeats. Default: 3. */
  readonly attemptsMax?: number;
  /** Bound of the first pause in milliseconds. Default: 100. */
  readonly pauseMs?: number;
  /** Maximum of the doubled bound in milliseconds. Default: 10,000. */
  readonly pauseMaxMs?: number;
}

export interface ExecuteOptions {
  readonly retry?: RetryOptions;
  /** For all attempts and pauses together. Default: unlimited. */
  readonly timeoutMs?: number;
  /** For each attempt. Default: unlimited. An attempt that timed out may be repeated. */
  readonly attemptTimeoutMs?: number;
  /** Deadline on the monotonic clock, as in a `CallContext`. */
  readonly deadlineMs?: number;
  /** Aborted by a caller that cancels. */
  readonly signal?: AbortSignal;
  /** Logger for its lines. Default: the orchestrator's logger. */
  readonly logger?: Logger;
}

/** Options with a default for the case that all attempts fail. */
export interface ExecuteWithDefault<Default> extends ExecuteOptions {
  readonly default: Default;
}

/** An operation. The signal is aborted when the attempt is abandoned. The number of the attempt starts at 1. */
export type Operation<T> = (signal: AbortSignal, attempt: number) => T | Promise<T>;

/** Outcome of an execution. */
export interface ExecutionReport {
  readonly operation: string;
  readonly outcome: ExecutionOutcome;
  readonly attempts: number;
  readonly durationMs: number;
  /** Undefined after a success. */
  readonly error: TuttiError | undefined;
}

export interface ExecutionPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly retried: () => void;
  readonly ended: (report: ExecutionReport) => void;
}

export async function executeSafely<T, Default = never>(
  ports: ExecutionPorts,
  name: string,
  operation: Operation<T>,
  options: ExecuteOptions | ExecuteWithDefault<Default> = {},
): Promise<T | Default> {
  const { clock } = ports;
  const logger = options.logger ?? ports.logger;
  const startedMs = clock.monotonic();
  const attempts = new Attempts(ports, name, operation, options);
  const end = (outcome: ExecutionOutcome, error: TuttiError | undefined): void =>
    ports.ended({
      operation: name,
      outcome,
      attempts: attempts.count,
      durationMs: clock.monotonic() - startedMs,
      error,
    });
  let error: TuttiError;
  try {
    const value = await attempts.run(logger);
    end("succeeded", undefined);
    return value;
  } catch (thrown) {
    error = errorFromUnknown(thrown);
  }
  const fields = { operation: name, attempts: attempts.count, error };
  if (options.signal?.aborted) {
    logger.debug("operation was cancelled", fields);
    end("cancelled", error);
    throw error;
  }
  if ("default" in options) {
    logger.warn("operation failed, using its default", fields);
    end("defaulted", error);
    return options.default;
  }
  logger.error("operation failed", fields);
  end(error.status === "DEADLINE_EXCEEDED" ? "timed_out" : "failed", error);
  throw error;
}

class Attempts<T> {
  count = 0;
  readonly #ports: ExecutionPorts;
  readonly #name: string;
  readonly #operation: Operation<T>;
  readonly #signal: AbortSignal | undefined;
  readonly #attemptTimeoutMs: number;
  /** Deadline, and its distance from the start. */
  readonly #endMs: number;
  readonly #timeoutMs: number;
  readonly #attemptsMax: number;
  readonly #backoff: Backoff;

  constructor(ports: ExecutionPorts, name: string, operation: Operation<T>, options: ExecuteOptions) {
    const {
      retry = {},
      timeoutMs = Number.POSITIVE_INFINITY,
      deadlineMs = Number.POSITIVE_INFINITY,
    } = options;
    const nowMs = ports.clock.monotonic();
    this.#ports = ports;
    this.#name = name;
    this.#operation = operation;
    this.#signal = options.signal;
    this.#attemptTimeoutMs = options.attemptTimeoutMs ?? Number.POSITIVE_INFINITY;
    this.#endMs = Math.min(nowMs + timeoutMs, deadlineMs);
    this.#timeoutMs = Math.max(0, this.#endMs - nowMs);
    this.#attemptsMax = retry.attemptsMax ?? 3;
    this.#backoff = { firstMs: retry.pauseMs ?? 100, maxMs: retry.pauseMaxMs ?? 10_000 };
  }

  async run(logger: Logger): Promise<T> {
    for (;;) {
      if (this.#signal?.aborted) throw this.#cancelled();
      if (this.#remainingMs() <= 0) throw this.#timedOut(this.#timeoutMs);
      this.count++;
      try {
        return await this.#attempt(logger);
      } catch (thrown) {
        if (this.#signal?.aborted) throw this.#cancelled();
        const error = errorFromUnknown(thrown);
        if (!error.retryable || this.count >= this.#attemptsMax) throw error;
        const pauseMs = this.#pauseBefore(error);
        // An attempt that cannot start in time is not awaited. The failure itself is more useful than a missed
        // deadline.
        if (pauseMs >= this.#remainingMs()) throw error;
        logger.warn("operation failed, retrying", {
          operation: this.#name,
          attempt: this.count,
          pauseMs: Math.round(pauseMs),
          error,
        });
        this.#ports.retried();
        await this.#pause(pauseMs);
      }
    }
  }

  #attempt(logger: Logger): Promise<T> {
    const remainingMs = this.#remainingMs();
    const timeoutMs = Math.min(remainingMs, this.#attemptTimeoutMs);
    const attempt = this.count;
    return withDeadline((signal) => this.#operation(signal, attempt), {
      timers: this.#ports.timers,
      timeoutMs,
      timedOut: () => this.#timedOut(timeoutMs === remainingMs ? this.#timeoutMs : timeoutMs),
      signal: this.#signal,
      late: (outcome) =>
        logger.warn("operation ended after it timed out", {
          operation: this.#name,
          attempt,
          outcome: outcome.status,
          ...(outcome.status === "rejected" && { error: outcome.reason }),
        }),
    });
  }

  #pauseBefore(error: TuttiError): number {
    // `elsewhere` means that nothing was done here and another instance will do it: waiting gains nothing.
    if (error.retry === "elsewhere") return error.retryAfterMs;
    return error.retryAfterMs + this.#ports.chance.random() * backoffBoundMs(this.#backoff, this.count);
  }

  async #pause(pauseMs: number): Promise<void> {
    if (pauseMs <= 0) return;
    try {
      await sleep(this.#ports.timers, pauseMs, this.#signal);
    } catch {
      // The signal's reason becomes the cause.
      throw this.#cancelled();
    }
  }

  #remainingMs(): number {
    return this.#endMs - this.#ports.clock.monotonic();
  }

  #timedOut(timeoutMs: number): TuttiError {
    return lifecycleErrors.operationTimedOut({ operation: this.#name, timeoutMs });
  }

  #cancelled(): TuttiError {
    return lifecycleErrors.operationCancelled({ operation: this.#name }, { cause: this.#signal?.reason });
  }
}
