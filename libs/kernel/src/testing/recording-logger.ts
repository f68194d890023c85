import type { LogFields, Logger, LogLevel } from "../ports/logger.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** The line's own fields and those of its parent loggers. */
  readonly fields: LogFields;
}

/** A logger whose lines a test can read, including lines of its children. */
export interface RecordingLogger extends Logger {
  readonly lines: readonly LogLine[];
  /** Returns the messages of one level, or of all, in order. */
  messages(level?: LogLevel): string[];
  /** Returns the only line with this message. Throws if there is none or more than one. */
  line(message: string): LogLine;
  clear(): void;
}

export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = [];
  return {
    ...loggerInto(lines, {}),
    lines,
    messages: (level) =>
      lines.filter((line) => level === undefined || line.level === level).map((line) => line.message),
    line(message) {
      const found = lines.filter((line) => line.message === message);
      const [only] = found;
      if (only !== undefined && found.length === 1) return only;
      const all = lines.map((line) => `${line.level} ${line.message}`).join("\n  ");
      throw new Error(`expected one line "${message}", got ${found.length} among:\n  ${all}`);
    },
    clear() {
      lines.length = 0;
    },
  };
}

function loggerInto(lines: LogLine[], inherited: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields: { ...inherited, ...fields } });
    };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    child: (fields) => loggerInto(lines, { ...inherited, ...fields }),
    enabled: () => true,
  };
}
