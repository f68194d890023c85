import { type ErrorRecord, errorOfRecord, recordOf } from "./record.ts";
import { isStatus, type Status, statuses, statusOfHttp } from "./status.ts";
import { errorOfBareStatus } from "./status-details.ts";
import type { RetryClass, TuttiError, Violation } from "./tutti-error.ts";

/** An error as RFC 9457 problem details. The members after `instance` are our extensions. */
export interface Problem {
  /** `urn:tutti:error:<code>`: identifies the kind of problem. It cannot be fetched. */
  readonly type: string;
  /** The kind of problem in words, the same for every occurrence. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** This occurrence in words: fault and reason, then the remedy. */
  readonly detail: string;
  /** Identifies this occurrence. A URI reference. */
  readonly instance?: string;
  readonly code: string;
  /** The gRPC name of the status, because several share one HTTP number. */
  readonly statusName: Status;
  readonly retry: RetryClass;
  readonly retryAfterMs: number;
  readonly violations: readonly Violation[];
  readonly details: Readonly<Record<string, string>>;
  readonly cause?: Problem;
}

export const problemMediaType = "application/problem+json";

const typePrefix = "urn:tutti:error:";

export function toProblem(error: TuttiError, occurrence: { readonly instance?: string } = {}): Problem {
  const { instance } = occurrence;
  const problem = problemOfRecord(recordOf(error));
  return instance === undefined ? problem : { ...problem, instance };
}

/**
 * Returns the error of problem details, ours or foreign. Never throws: a foreign problem becomes an error with the
 * status it names.
 */
export function fromProblem(problem: unknown): TuttiError {
  const record = recordOfProblem(problem, causeNestingMax);
  if (record !== undefined) return errorOfRecord(record);
  const foreign = membersOf(problem);
  const status = typeof foreign["status"] === "number" ? statusOfHttp(foreign["status"]) : "UNKNOWN";
  const detail = foreign["detail"] ?? foreign["title"];
  return errorOfBareStatus(status, typeof detail === "string" ? detail : "");
}

// A hostile document could be nested without end.
const causeNestingMax = 32;

function problemOfRecord(record: ErrorRecord): Problem {
  const { code, status, message, retry, retryAfterMs, violations, details, cause } = record;
  return {
    type: `${typePrefix}${code}`,
    title: titleOf(code),
    status: statuses[status].http,
    detail: message,
    code,
    statusName: status,
    retry,
    retryAfterMs,
    violations,
    details,
    ...(cause && { cause: problemOfRecord(cause) }),
  };
}

/** `mesh.not_owner` → "mesh: not owner". */
function titleOf(code: string): string {
  return code.replace(".", ": ").replaceAll("_", " ");
}

function recordOfProblem(problem: unknown, depth: number): ErrorRecord | undefined {
  const { code, statusName, detail, retry, retryAfterMs, violations, details, cause } = membersOf(problem);
  if (depth === 0 || typeof code !== "string" || !isStatus(statusName)) return undefined;
  return {
    code,
    status: statusName,
    message: typeof detail === "string" ? detail : "",
    retry: retry === "same-key" || retry === "elsewhere" ? retry : "never",
    retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : 0,
    violations: Array.isArray(violations) ? violations.flatMap(violationOf) : [],
    details: textsOf(details),
    cause: recordOfProblem(cause, depth - 1),
  };
}

function violationOf(value: unknown): Violation[] {
  const { field, message } = membersOf(value);
  return typeof field === "string" && typeof message === "string" ? [{ field, message }] : [];
}

function textsOf(value: unknown): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(membersOf(value))) {
    if (typeof text === "string" && key !== "__proto__") texts[key] = text;
  }
  return texts;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
