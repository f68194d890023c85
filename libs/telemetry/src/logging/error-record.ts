/** The form of an error in a log line: all information about its cause, without secrets. */
import { isSecretKey, isTuttiError, redacted, redactText, type TuttiError } from "@tutti/kernel";

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly status?: string;
  readonly retry?: string;
  readonly violations?: readonly { readonly field: string; readonly message: string }[];
  readonly details?: Readonly<Record<string, string>>;
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** The errors of an AggregateError. */
  readonly errors?: readonly LoggedError[];
}

/** Maximum depth, because a chain of causes may contain a cycle. */
const depthMax = 8;
const aggregatedMax = 10;
const textMax = 8192;

/**
 * Never throws, for any thrown value.
 *
 * @param hasStack false avoids the cost of a first stack: it reads the source maps of its files, up to 0.1 s
 */
export function errorRecord(error: unknown, hasStack = true): LoggedError {
  try {
    return recordOf(error, depthMax, hasStack);
  } catch {
    return { type: "unknown", message: "an error that cannot be read" };
  }
}

function recordOf(error: unknown, depth: number, hasStack: boolean): LoggedError {
  if (!(error instanceof Error)) {
    return { type: error === null ? "null" : typeof error, message: shorten(spell(error)) };
  }
  const { code } = error as { readonly code?: unknown };
  return {
    type: nameOf(error),
    message: shorten(error.message),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(isTuttiError(error) && tuttiMembers(error)),
    ...(hasStack && typeof error.stack === "string" && { stack: shorten(framesOf(error.stack)) }),
    ...(error.cause !== undefined && depth > 0 && { cause: recordOf(error.cause, depth - 1, hasStack) }),
    ...(error instanceof AggregateError &&
      depth > 0 && {
        errors: error.errors.slice(0, aggregatedMax).map((each) => recordOf(each, depth - 1, hasStack)),
      }),
  };
}

function tuttiMembers(error: TuttiError): Partial<LoggedError> {
  const { status, retry, violations, details } = error;
  return {
    status,
    retry,
    ...(violations.length > 0 && { violations }),
    ...(Object.keys(details).length > 0 && { details: withoutSecrets(details) }),
  };
}

function withoutSecrets(details: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(details);
  return Object.fromEntries(
    entries.map(([key, text]) => [key, isSecretKey(key) ? redacted : redactText(text)]),
  );
}

function nameOf(error: Error): string {
  return error.name || error.constructor.name;
}

/** Returns the frames without the message before them, because the record already contains the message. */
function framesOf(stack: string): string {
  const frames = /^\s+at /m.exec(stack);
  return frames === null ? "" : stack.slice(frames.index).replaceAll(/^\s+/gm, "");
}

function spell(value: unknown): string {
  try {
    return typeof value === "object" ? (JSON.stringify(value) ?? "") : String(value);
  } catch {
    return "a value that cannot be printed";
  }
}

function shorten(text: string): string {
  return redactText(text.length > textMax ? `${text.slice(0, textMax)}…` : text);
}
