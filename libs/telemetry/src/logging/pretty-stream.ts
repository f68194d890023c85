/**
 * Log lines for people. pino-pretty is loaded only here, for a terminal, and runs in this thread. Its usual worker thread
 * costs 12 MiB.
 */
import { inspect } from "node:util";
import type { LoggedError } from "./error-record.ts";
import { errorText } from "./error-text.ts";
import type { LogStream } from "./log-root.ts";

interface PrettyOptions {
  readonly colors: boolean;
  /** Default: standard output. */
  readonly destination?: NodeJS.WritableStream;
}

export async function prettyStream({ colors, destination }: PrettyOptions): Promise<LogStream> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({
    colorize: colors,
    destination: destination ?? process.stdout.fd,
    sync: true,
    translateTime: "SYS:HH:MM:ss.l",
    // In a terminal there is one process, which the user knows.
    ignore: "service,instance",
    errorLikeObjectKeys: ["error"],
    customPrettifiers: { error: (value: unknown) => (isRecord(value) ? errorText(value) : inspect(value)) },
    singleLine: true,
  });
}

/** Checks the type, because the key of an error may have any value. */
function isRecord(value: unknown): value is LoggedError {
  return (
    typeof value === "object" && value !== null && "message" in value && typeof value.message === "string"
  );
}
