import { ownFrames } from "../errors/own-frames.ts";
import { isSecretKey, redacted, redactText } from "../redaction/redaction.ts";
import type { Clock } from "./clock.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];
/** Maximum depth of logged causes. A cycle among them ends here too. */
const causeDepthMax = 8;

export interface LineLoggerOptions {
  readonly clock: Clock;
  /** Minimum level. Default: `info`. */
  readonly level?: LogLevel;
  /** `text` is for a person at a terminal. Default: `json`. */
  readonly form?: "json" | "text";
  /** Writes one line without its line end. Default: standard error, so that a program's output is separate. */
  readonly write?: (line: string) => void;
}

/**
 * Returns a logger that writes one JSON object or one line of text per message, for programs without telemetry: workers
 * and coordinators.
 */
export function lineLogger({
  clock,
  level = "info",
  form = "json",
  write = toStandardError,
}: LineLoggerOptions): Logger {
  const least = levels.indexOf(level);
  const lineOf = form === "json" ? jsonOf : textOf;

  function loggerWith(inherited: LogFields): Logger {
    const at = (own: LogLevel) => {
      if (levels.indexOf(own) < least) return (): void => {};
      return (message: string, fields: LogFields = {}): void => {
        const time = new Date(clock.now());
        write(lineOf({ time, level: own, message, ...inherited, ...fields }));
      };
    };
    return {
      trace: at("trace"),
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      fatal: at("fatal"),
      child: (fields) => loggerWith({ ...inherited, ...fields }),
      enabled: (level) => levels.indexOf(level) >= least,
    };
  }

  return loggerWith({});
}

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Formats any fields: a value that cannot be printed must not fail the caller. */
function jsonOf(fields: LineFields): string {
  try {
    return JSON.stringify(fields, printable);
  } catch (error) {
    const { time, level, message } = fields;
    return JSON.stringify({ time, level, message, unprintable: String(error) });
  }
}

interface LineFields extends Readonly<Record<string, unknown>> {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
}

/** `16:03:11 warn  not connected, retrying: The connection was refused. Start the platform. (pauseMs 72)` */
function textOf(fields: LineFields): string {
  const { time, level, message, reason, remedy, ...others } = JSON.parse(jsonOf(fields)) as LineFields;
  const clock = new Date(time).toTimeString().slice(0, 8);
  const reasonText = reason === undefined ? "" : `: ${String(reason)}`;
  const next = remedy === undefined ? "" : `. ${String(remedy)}`;
  const rest = Object.entries(others).flatMap(([name, value]) => textOfField(name, value));
  const details = rest.length === 0 ? "" : ` (${rest.join(", ")})`;
  const frames = Object.values(others)
    .flatMap(framesOf)
    .map((frame) => `\n    at ${frame}`);
  return `${clock} ${level.padEnd(5)} ${message}${reasonText}${next}${details}${frames.join("")}`;
}

/** Returns where an error was thrown. For an error of a catalogue the message is more useful. */
function framesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { stack, code } = value as { readonly stack?: unknown; readonly code?: unknown };
  return typeof stack === "string" && typeof code !== "string" ? ownFrames(stack) : [];
}

function textOfField(name: string, value: unknown): string[] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value !== "object") return [`${name} ${String(value)}`];
  const { message, code } = value as { readonly message?: unknown; readonly code?: unknown };
  if (typeof message !== "string") return [`${name} ${JSON.stringify(value)}`];
  return [`${name} ${message}${typeof code === "string" ? ` [${code}]` : ""}`];
}

function printable(key: string, value: unknown): unknown {
  if (typeof value === "string") return isSecretKey(key) ? redacted : redactText(value);
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? describe(value, causeDepthMax) : value;
}

function describe(error: Error, depth: number): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const described = cause instanceof Error && depth > 0 ? describe(cause, depth - 1) : undefined;
  return { ...error, name, message, stack, cause: described };
}
