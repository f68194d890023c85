import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { isTuttiError, redactText, TuttiError, toErrorDetail } from "@tutti/kernel";

export interface TaskFailureOptions {
  /** The same task fails again: it is not retried, even if the definition allows it. Default: false. */
  readonly final?: boolean;
  /** Pause before the next attempt in milliseconds. Default: the definition's backoff. */
  readonly retryAfterMs?: number;
  /** Identifiers that a program can use. Never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * Thrown by a handler that knows why it fails: `throw new TaskFailure("pay.declined", "the card was declined", { final:
 * true })`. Definitions match the code in `retry` and `catch`.
 */
export class TaskFailure extends TuttiError {
  constructor(code: string, message: string, options: TaskFailureOptions = {}) {
    const { final = false, retryAfterMs, details, cause } = options;
    super({
      code,
      message,
      status: final ? "FAILED_PRECONDITION" : "UNAVAILABLE",
      retry: final ? "never" : "same-key",
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(details !== undefined && { details }),
      cause,
    });
  }

  static {
    TaskFailure.prototype.name = "TaskFailure";
  }
}

export interface BusyOptions {
  /** When it can, milliseconds. Default: 1,000. */
  readonly retryAfterMs?: number;
  readonly message?: string;
  /**
   * The capabilities that the worker cannot execute until then, including its own. `shop.*` stands for all that start
   * with `shop.`. The worker keeps accepting others. Default: the worker accepts no task.
   */
  readonly capabilities?: readonly string[];
}

/**
 * Thrown by a handler that cannot start now, such as one whose provider responded with 429. No attempt is counted,
 * and the pool gives this worker fewer tasks.
 */
export class Busy extends Error {
  readonly retryAfterMs: number;
  readonly capabilities: readonly string[];

  constructor({ retryAfterMs = 1_000, message = "", capabilities = [] }: BusyOptions = {}) {
    super(message || "no capacity at present");
    this.name = "Busy";
    this.retryAfterMs = Math.max(0, retryAfterMs);
    this.capabilities = capabilities;
  }
}

const tooManyRequests = 429;
/** HTTP knows whole seconds. */
const secondMs = 1_000;

/** Returns the `Busy` of a thrown value: itself, or one for the 429 of an HTTP client's error. */
export function busyOf(thrown: unknown, capability: string): Busy | undefined {
  if (thrown instanceof Busy) return thrown;
  if (!(thrown instanceof Error)) return undefined;
  const response = partOf(thrown, "response");
  const statuses = [read(thrown, "status"), read(thrown, "statusCode"), response && read(response, "status")];
  if (!statuses.includes(tooManyRequests)) return undefined;
  const headers = partOf(thrown, "headers") ?? (response && partOf(response, "headers"));
  const seconds = Number(
    headers instanceof Headers ? headers.get("retry-after") : textOf(headers, "retry-after"),
  );
  const message = safe(textOf(thrown, "message"), messageLengthMax);
  // A limit with a time is one of the provider. Without a time the pool waits longer with each answer, and sends less.
  if (seconds > 0) return new Busy({ retryAfterMs: seconds * secondMs, message, capabilities: [capability] });
  return new Busy({ retryAfterMs: 0, message });
}

function partOf(thrown: object, key: string): object | undefined {
  const part = read(thrown, key);
  return typeof part === "object" && part !== null ? part : undefined;
}

const stackLengthMax = 8_192;
export const messageLengthMax = 4_096;

/** Any error of a handler, as the run receives it. Never throws, and repeats nothing that looks like a credential. */
export function failureDetail(thrown: unknown): ErrorDetail {
  if (isTuttiError(thrown)) return toErrorDetail(thrown);
  const name = textOf(thrown, "name") || "Error";
  const ownCode = textOf(thrown, "code");
  const code = codeForm.test(ownCode) ? ownCode : codeForm.test(name) ? name : "Error";
  const isObject = typeof thrown === "object" && thrown !== null;
  const message = isObject ? messageOf(thrown) || contentOf(thrown) : describe(thrown);
  const stack = textOf(thrown, "stack");
  const cause = isObject ? read(thrown, "cause") : undefined;
  return toErrorDetail(
    new TuttiError({
      code,
      message: safe(message || name, messageLengthMax),
      status: "UNKNOWN",
      retry: "same-key",
      ...(stack !== "" && { details: { stack: safe(stack, stackLengthMax) } }),
      cause,
    }),
  );
}

/** An error with several errors, as `Promise.any` throws it, has their messages. */
function messageOf(thrown: object): string {
  const message = textOf(thrown, "message");
  const errors = read(thrown, "errors");
  if (!(thrown instanceof AggregateError) || !Array.isArray(errors)) return message;
  const each = errors.map((error) => textOf(error, "message") || textOf(error, "name") || "unknown");
  return [message, [...new Set(each)].join("; ")].filter(Boolean).join(": ");
}

/**
 * Returns the content of an object without a message, as of `throw { status: 3 }`. Empty for an `Error`: its name
 * says more.
 */
function contentOf(thrown: object): string {
  try {
    if (thrown instanceof Error) return "";
    return JSON.stringify(thrown) ?? "";
  } catch {
    return "an object that is no JSON was thrown";
  }
}

const codeForm = /^[A-Za-z][\w.-]{0,99}$/;

function describe(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  return typeof thrown === "function" ? "a function was thrown" : `${String(thrown)} was thrown`;
}

function textOf(thrown: unknown, key: string): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  const value = read(thrown, key);
  return typeof value === "string" ? value : "";
}

function read(target: object, key: string): unknown {
  try {
    return Reflect.get(target, key);
  } catch {
    return undefined;
  }
}

function safe(text: string, lengthMax: number): string {
  const bounded = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  return redactText(bounded.toWellFormed());
}
