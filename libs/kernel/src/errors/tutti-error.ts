import type { Status } from "./status.ts";

/**
 * What may be done after a failure.
 * - `never`: the same call fails again.
 * - `same-key`: the outcome is unknown or passing. Repeat with the same idempotency key, after a pause.
 * - `elsewhere`: nothing was done here. Repeat at once at another instance.
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
  /** How long to wait before a repetition. 0 leaves it to the caller's back-off. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly Violation[];
  /** Identifiers a program can use, all strings. Never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * The root of every error that crosses a function's edge on purpose. The code is stable and is what programs
 * compare. The message says what happened and why, and what to do.
 *
 * Invariants:
 * 1. What an error says is fixed when it is made: its parts are copied and frozen, so that a log line, a retry and
 *    the wire see the same error.
 * 2. Everything but the stack and the objects among the causes has a form on the wire that gives the same error
 *    back. What could not survive there is made sound here: text is well-formed Unicode, the pause finite and not
 *    negative.
 */
export class TuttiError extends Error {
  readonly code: string;
  readonly status: Status;
  readonly retry: RetryClass;
  readonly retryAfterMs: number;
  readonly violations: readonly Violation[];
  readonly details: Readonly<Record<string, string>>;

  static {
    // On the prototype, so that printing an error does not list its name among its fields.
    TuttiError.prototype.name = "TuttiError";
  }

  constructor(options: TuttiErrorOptions) {
    super(text(options.message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = text(options.code);
    this.status = options.status;
    this.retry = options.retry ?? "never";
    this.retryAfterMs = pause(options.retryAfterMs);
    this.violations = options.violations?.length ? frozenViolations(options.violations) : noViolations;
    this.details = options.details === undefined ? noDetails : frozenDetails(options.details);
  }

  get retryable(): boolean {
    return this.retry !== "never";
  }
}

/** `instanceof` that accepts any thrown value: a revoked proxy throws when it is asked. */
export function isTuttiError(value: unknown): value is TuttiError {
  try {
    return value instanceof TuttiError;
  } catch {
    return false;
  }
}

const noViolations: readonly Violation[] = Object.freeze([]);
const noDetails: Readonly<Record<string, string>> = Object.freeze({});

// A lone surrogate has no UTF-8 form and would arrive as something else.
function text(value: string): string {
  return String(value).toWellFormed();
}

function pause(ms: number | undefined): number {
  return ms !== undefined && ms > 0 && Number.isFinite(ms) ? ms : 0;
}

function frozenViolations(violations: readonly Violation[]): readonly Violation[] {
  return Object.freeze(
    violations.map(({ field, message }) => Object.freeze({ field: text(field), message: text(message) })),
  );
}

function frozenDetails(details: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const copy: Record<string, string> = {};
  for (const [key, value] of Object.entries(details)) {
    // Assigning to this key sets the prototype instead, here and in every decoder of the wire.
    if (key !== "__proto__") copy[text(key)] = text(value);
  }
  return Object.freeze(copy);
}
