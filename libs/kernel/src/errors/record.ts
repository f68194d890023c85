import { causeOf, describeForeign, foreignError } from "./foreign.ts";
import { kernelErrors } from "./kernel-errors.ts";
import type { Status } from "./status.ts";
import { isTuttiError, type RetryClass, TuttiError, type Violation } from "./tutti-error.ts";

/**
 * An error as plain data: the common part of its two forms on the wire. No stack, no objects. Foreign errors among the
 * causes keep name, message and code.
 */
export interface ErrorRecord {
  readonly code: string;
  readonly status: Status;
  readonly message: string;
  readonly retry: RetryClass;
  readonly retryAfterMs: number;
  readonly violations: readonly Violation[];
  readonly details: Readonly<Record<string, string>>;
  readonly cause: ErrorRecord | undefined;
}

/** Maximum number of causes below an error. A cycle among them ends here too. */
export const causeDepthMax = 8;

export function recordOf(error: TuttiError): ErrorRecord {
  return tuttiRecord(error, causeDepthMax);
}

/** Returns the error of a record. Stacks are lost, and so are subclasses, which the code replaces. */
export function errorOfRecord(record: ErrorRecord): TuttiError {
  return new TuttiError({ ...record, cause: record.cause && causeOfRecord(record.cause) });
}

function causeRecord(thrown: unknown, depth: number): ErrorRecord | undefined {
  if (thrown === undefined || depth === 0) return undefined;
  return isTuttiError(thrown) ? tuttiRecord(thrown, depth - 1) : foreignRecord(thrown, depth - 1);
}

function tuttiRecord(error: TuttiError, depth: number): ErrorRecord {
  const { code, status, message, retry, retryAfterMs, violations, details } = error;
  const cause = causeRecord(error.cause, depth);
  return { code, status, message, retry, retryAfterMs, violations, details, cause };
}

function foreignRecord(thrown: unknown, depth: number): ErrorRecord {
  const { name, message, code } = describeForeign(thrown);
  const { entry } = kernelErrors.foreign;
  return {
    code: kernelErrors.foreign.code,
    status: entry.status,
    message,
    retry: entry.retry,
    retryAfterMs: 0,
    violations: [],
    details: code === "" ? { name } : { name, code },
    cause: causeRecord(causeOf(thrown), depth),
  };
}

function causeOfRecord(record: ErrorRecord): Error {
  if (record.code !== kernelErrors.foreign.code) return errorOfRecord(record);
  const { name = "Error", code = "" } = record.details;
  return foreignError({ name, message: record.message, code }, record.cause && causeOfRecord(record.cause));
}
