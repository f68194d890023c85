/**
 * Lines for people. pino-pretty is loaded only here, for a terminal, and runs in this thread: its usual place is a
 * worker, which costs 12 MiB.
 */
import type { LogStream } from "./log-root.ts";

interface PrettyOptions {
  readonly colors: boolean;
  /** Where the lines go; standard output unless given. */
  readonly destination?: NodeJS.WritableStream;
}

export async function prettyStream({ colors, destination }: PrettyOptions): Promise<LogStream> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({
    colorize: colors,
    destination: destination ?? process.stdout.fd,
    sync: true,
    translateTime: "SYS:HH:MM:ss.l",
    // In a terminal there is one process, and everybody knows which.
    ignore: "service,instance",
    errorLikeObjectKeys: ["error"],
    singleLine: true,
  });
}
