export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** Values of a line. Keys are camelCase. An `error` key contains the error itself. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging. The message is a constant sentence. Variable parts are fields. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** Returns a logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
  /** Returns whether lines of this level are written. Check it before computing expensive fields. */
  enabled(level: LogLevel): boolean;
}

const nothing = (): void => {};

export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
  enabled: () => false,
};
