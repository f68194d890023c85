import type { Status } from "./status.ts";

/**
 * What may be done after a failure.
 * - `never`: the same call fails again.
 * - `same-key`: the outcome is unknown or passing; repeat with the same idempotency key, after a pause.
 * - `elsewhere`: nothing was done here; repeat at once at another instance.
 */
export type RetryClass = "never" | "same-key" | "elsewhere";

/** One thing wrong with a request: where, and what was expected. */
export interface Violation {
  /** Path in the request, in the contract's spelling: `instance.capabilities[2].name`. */
  readonly field: string;
  readonly message: string;
}

export interface TuttiErrorOptions {
  readonly code: string;
  readonly status: Status;
  readonly message: string;
  readonly retry?: RetryClass;
  /** How long to wait before a repetition; 0 leaves it to the caller's back-off. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly Violation[];
  /** Identifiers a program can use, all strings. Never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * The root of every error that crosses a function's edge on purpose. The code is stable and is what programs
 * compare; the message says what was expected, what was found, and what to do.
 */
export class TuttiError extends Error {
  override readonly name: string = "TuttiError";
  readonly code: string;
  readonly status: Status;
  readonly retry: RetryClass;
  readonly retryAfterMs: number;
  readonly violations: readonly Violation[];
  readonly details: Readonly<Record<string, string>>;

  constructor(options: TuttiErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.retry = options.retry ?? "never";
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.violations = options.violations ?? [];
    this.details = options.details ?? {};
  }

  get retryable(): boolean {
    return this.retry !== "never";
  }
}
