import { isSecretKey, redacted, redactText } from "../redaction/redaction.ts";
import type { Clock } from "./clock.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];
/** Causes below this depth are left out. A cycle among them ends here too. */
const causeDepthMax = 8;

export interface LineLoggerOptions {
  readonly clock: Clock;
  /** The least level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** Takes one line without its line end. Default: standard error, so that a program's output stays its own. */
  readonly write?: (line: string) => void;
}

/** One JSON object per line. What a coordinator of one's own logs with until telemetry is set up. */
export function lineLogger({ clock, level = "info", write = toStandardError }: LineLoggerOptions): Logger {
  const least = levels.indexOf(level);

  function loggerWith(inherited: LogFields): Logger {
    const at = (own: LogLevel) => {
      if (levels.indexOf(own) < least) return (): void => {};
      return (message: string, fields: LogFields = {}): void => {
        const time = new Date(clock.now()).toISOString();
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
      enabled: (asked) => levels.indexOf(asked) >= least,
    };
  }

  return loggerWith({});
}

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line is written whatever its fields are: one that cannot be printed must not cost the caller its work. */
function lineOf(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields, printable);
  } catch (error) {
    const { time, level, message } = fields;
    return JSON.stringify({ time, level, message, unprintable: String(error) });
  }
}

function printable(key: string, value: unknown): unknown {
  if (typeof value === "string") return isSecretKey(key) ? redacted : redactText(value);
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? describe(value, causeDepthMax) : value;
}

function describe(error: Error, depth: number): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const told = cause instanceof Error && depth > 0 ? describe(cause, depth - 1) : undefined;
  return { ...error, name, message, stack, cause: told };
}
