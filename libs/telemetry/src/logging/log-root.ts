/**
 * The kernel's logger on pino.
 *
 * 1. The level belongs to the root, so that a change takes effect in every child immediately (a child of pino keeps its
 *    original level).
 * 2. A child costs one small object until it writes its first line, because every call creates one.
 * 3. A line has each key once. A line's own field overrides an inherited one, and a child's field overrides its parent's.
 *    `time`, `level` and `msg` belong to the logger, `service` and `instance` name the writer of the line. A line's own
 *    fields with these names get an underscore at the end.
 * 4. A field `trace` with a trace context is written as `traceId` and `spanId`. They are read only then, because unused
 *    ids are never generated.
 */
import type { Clock, LogFields, Logger, LogLevel } from "@tutti/kernel";
import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import { printableFields } from "./printable.ts";

/** A stream that accepts whole lines. */
export type LogStream = DestinationStream;

interface LogRootOptions {
  readonly clock: Clock;
  readonly level: LogLevel;
  readonly stream: LogStream;
  /** Fields at the start of every line: service and instance. */
  readonly base: LogFields;
}

const levelNumbers: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

const ownKeys = new Set(["time", "level", "msg"]);
const ownKeysOfLines = new Set([...ownKeys, "service", "instance"]);
const noFields: LogFields = {};

export class LogRoot {
  readonly pino: PinoLogger;
  readonly logger: Logger;
  /** Number of the lowest level that is written. */
  threshold: number;
  #level: LogLevel;

  constructor(options: LogRootOptions) {
    const { clock, stream, level, base } = options;
    this.#level = level;
    this.threshold = levelNumbers[level];
    this.pino = pino(
      {
        base: null,
        // The threshold above decides, before any field is computed.
        level: "trace",
        timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    );
    this.logger = new LineLogger(this, undefined, base);
  }

  get level(): LogLevel {
    return this.#level;
  }

  setLevel(level: LogLevel): void {
    this.#level = level;
    this.threshold = levelNumbers[level];
  }
}

class LineLogger implements Logger {
  readonly #root: LogRoot;
  readonly #parent: LineLogger | undefined;
  readonly #fields: LogFields;
  #inherited: Readonly<Record<string, unknown>> | undefined;
  #pino: PinoLogger | undefined;

  constructor(root: LogRoot, parent: LineLogger | undefined, fields: LogFields) {
    this.#root = root;
    this.#parent = parent;
    this.#fields = fields;
  }

  trace(message: string, fields?: LogFields): void {
    if (this.#root.threshold <= levelNumbers.trace) this.#write("trace", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    if (this.#root.threshold <= levelNumbers.debug) this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    if (this.#root.threshold <= levelNumbers.info) this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#root.threshold <= levelNumbers.warn) this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    if (this.#root.threshold <= levelNumbers.error) this.#write("error", message, fields);
  }

  fatal(message: string, fields?: LogFields): void {
    this.#write("fatal", message, fields);
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#root, this, fields);
  }

  enabled(level: LogLevel): boolean {
    return this.#root.threshold <= levelNumbers[level];
  }

  #write(level: LogLevel, message: string, fields: LogFields = noFields): void {
    try {
      const inherited = this.#allFields();
      // At this level errors are expected, for example rejected requests and retries.
      const hasStacks = level !== "info";
      const own = withoutKeys(printableFields(withTraceIds(fields), hasStacks), ownKeysOfLines);
      if (Object.keys(own).some((key) => key in inherited)) {
        this.#root.pino[level]({ ...inherited, ...own }, message);
      } else {
        this.#pino ??= this.#root.pino.child(inherited);
        this.#pino[level](own, message);
      }
    } catch {
      // The stream has failed, and with it the only place for a report.
    }
  }

  #allFields(): Readonly<Record<string, unknown>> {
    if (this.#inherited === undefined) {
      const own = withoutKeys(printableFields(withTraceIds(this.#fields)), ownKeys);
      this.#inherited = this.#parent === undefined ? own : { ...this.#parent.#allFields(), ...own };
    }
    return this.#inherited;
  }
}

function withTraceIds(fields: LogFields): LogFields {
  const { trace, ...others } = fields;
  if (typeof trace !== "object" || trace === null || !("traceId" in trace && "spanId" in trace))
    return fields;
  return { traceId: trace.traceId, spanId: trace.spanId, ...others };
}

/** Returns the fields, and renames those with reserved names. */
function withoutKeys(
  fields: Record<string, unknown>,
  reserved: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  const keys = Object.keys(fields);
  if (!keys.some((key) => reserved.has(key))) return fields;
  return Object.fromEntries(keys.map((key) => [reserved.has(key) ? `${key}_` : key, fields[key]]));
}
