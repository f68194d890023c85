import type { Status } from "./status.ts";

/**
 * Possible action after a failure.
 * - `never`: the same call fails again.
 * - `same-key`: the outcome is unknown, or the failure is temporary. Repeat with the same idempotency key, after a
 *   pause.
 * - `elsewhere`: nothing was done here. Repeat at once at another instance.
 */
export type RetryClass = "never" | "same-key" | "elsewhere";

/** A fault of one field of a request: its path, and the expectation. */
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
  /** Pause before a retry. 0 leaves it to the caller's back-off. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly Violation[];
  /** Identifiers for programs, all strings. Never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * The base of every error that is thrown on purpose. Programs compare the code, which is stable. The message has the
 * fault, the reason and the remedy.
 *
 * Invariants:
 * 1. An error never changes: its parts are copied and frozen, so that a log line, a retry and the wire see the same
 *    error.
 * 2. Everything but the stack and the objects among the causes has a form on the wire that gives the same error back.
 *    Values without a form on the wire are corrected here: text is well-formed Unicode, the pause finite and not
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
    // On the prototype, so that a printed error does not list its name among its fields.
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

/** An `instanceof` that accepts any thrown value: a revoked proxy throws when it is inspected. */
export function isTuttiError(value: unknown): value is TuttiError {
  try {
    return value instanceof TuttiError;
  } catch {
    return false;
  }
}

const noViolations: readonly Violation[] = Object.freeze([]);
const noDetails: Readonly<Record<string, string>> = Object.freeze({});

// A lone surrogate has no UTF-8 form and would arrive changed.
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
    // Assigning to this key would set the prototype, here and in every decoder of the wire.
    if (key !== "__proto__") copy[text(key)] = text(value);
  }
  return Object.freeze(copy);
}
