import type { Status } from "./status.ts";
import { type RetryClass, TuttiError, type Violation } from "./tutti-error.ts";

/**
 * A business refusal: the answer of a decider that rejects. It is returned, not thrown, and has no stack: a busy system
 * refuses often, and a refusal is no fault. At the edge `errorOf` turns it into an error.
 */
export interface Refusal {
  readonly refused: true;
  readonly code: string;
  readonly status: Status;
  readonly message: string;
  readonly retry: RetryClass;
  readonly retryAfterMs: number;
  readonly violations: readonly Violation[];
  readonly details: Readonly<Record<string, string>>;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refused" in value && value.refused === true;
}

/** Returns the error that reports a refusal to a caller. */
export function errorOf(refusal: Refusal): TuttiError {
  return new TuttiError(refusal);
}
