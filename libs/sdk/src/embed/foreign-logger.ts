/** The logger of an application as the logger of its worker and client. */
import { isSecretKey, type LogFields, type Logger, type LogLevel, redacted } from "@tutti/kernel";

type Write = (...args: never[]) => unknown;

/**
 * A logger of pino, Fastify, winston, Nest, or `console`. Pino expects the fields before the message, the others after.
 * A missing level is replaced by the next one.
 */
export interface ForeignLogger {
  readonly trace?: Write;
  readonly verbose?: Write;
  readonly debug?: Write;
  readonly info?: Write;
  readonly log?: Write;
  readonly warn?: Write;
  readonly error?: Write;
  readonly fatal?: Write;
  /** Only pino has it. */
  readonly bindings?: () => unknown;
  readonly isLevelEnabled?: (level: LogLevel) => boolean;
}

/** Methods that write a level, the best first. */
const methods = {
  trace: ["trace", "verbose", "debug"],
  debug: ["debug", "verbose"],
  info: ["info", "log"],
  warn: ["warn"],
  error: ["error"],
  fatal: ["fatal", "error"],
} as const satisfies Readonly<Record<LogLevel, readonly (keyof ForeignLogger)[]>>;

export function adaptLogger(foreign: ForeignLogger): Logger {
  const isPino = typeof foreign.bindings === "function";
  // The method `trace` of `console` prints a stack.
  const isConsole = foreign === (console as unknown);
  const write = (level: LogLevel, message: string, fields: LogFields): void => {
    const name = methods[level].find(
      (each) => typeof foreign[each] === "function" && !(isConsole && each === "trace"),
    );
    if (name === undefined) return;
    const args = isPino ? [pinoFields(fields), message] : [message, ...someOf(fields)];
    (foreign[name] as ((...words: unknown[]) => unknown) | undefined)?.(...args);
  };
  const loggerWith = (inherited: LogFields): Logger => {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
      write(level, message, withoutSecrets({ ...inherited, ...fields }));
    return {
      trace: at("trace"),
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      fatal: at("fatal"),
      child: (fields) => loggerWith({ ...inherited, ...fields }),
      enabled: (level) => foreign.isLevelEnabled?.(level) ?? true,
    };
  };
  return loggerWith({});
}

/** Renames `error` to `err`, which pino's serializer of errors reads. */
function pinoFields({ error, ...fields }: LogFields): LogFields {
  return error === undefined ? fields : { ...fields, err: error };
}

function someOf(fields: LogFields): readonly LogFields[] {
  return Object.keys(fields).length === 0 ? [] : [fields];
}

function withoutSecrets(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, isSecretKey(key) ? redacted : value]),
  );
}
