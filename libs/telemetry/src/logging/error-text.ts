/**
 * Formats an error for people. If the error is about the environment (a port in use, an unavailable peer), its message is
 * clear, and a stack would only hide it. For an unknown error, only the stack helps.
 */
import type { LoggedError } from "./error-record.ts";

const unexplained = new Set(["INTERNAL", "UNKNOWN", "DATA_LOSS"]);

export function errorText(error: LoggedError): string {
  const chain = chainOf(error);
  const innermost = chain.at(-1) ?? error;
  const classified = chain.findLast(({ status }) => status !== undefined);
  const isExplained = classified?.status !== undefined && !unexplained.has(classified.status);
  // A wrapping error usually repeats the message of its cause.
  const causes = chain.filter(
    ({ message }, index) => index > 0 && !chain[index - 1]?.message.includes(message),
  );
  return [
    titleOf(error),
    ...violationsOf(error),
    ...causes
      .filter((cause) => !isExplained || cause.status !== undefined)
      .map((cause) => `caused by ${titleOf(cause)}`),
    ...(innermost.errors ?? []).map((each) => `- ${titleOf(each)}`),
    ...(isExplained || innermost.stack === undefined ? [] : [innermost.stack]),
  ].join("\n");
}

function chainOf(error: LoggedError): LoggedError[] {
  const chain: LoggedError[] = [];
  for (let each: LoggedError | undefined = error; each !== undefined; each = each.cause) chain.push(each);
  return chain;
}

function titleOf({ type, message, code, status }: LoggedError): string {
  const name = status === undefined ? `${type}: ` : "";
  return `${name}${message}${code === undefined ? "" : ` (${code})`}`;
}

function violationsOf({ violations = [], message: fullMessage }: LoggedError): string[] {
  return violations
    .map(({ field, message }) => `- ${field}: ${message}`)
    .filter((line) => !fullMessage.includes(line.slice(2)));
}
