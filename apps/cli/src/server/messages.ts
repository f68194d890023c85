/** Common parts of commands that bring messages of other systems to the platform. */
import { isTuttiError, type Logger, silentLogger, TuttiError } from "@tutti/kernel";
import { RestError } from "@tutti/rest/client";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure, usageFailure } from "../command/failure.ts";
import { safe } from "../terminal/text.ts";

/** Returns the error of an interruption. Undefined if the message itself is invalid. */
export function interruptionOf(error: unknown): TuttiError | undefined {
  const { cause } = error as Failure;
  if (!(error instanceof Failure) || !(cause instanceof RestError)) return undefined;
  const details = { code: error.code, message: error.message, cause: error };
  if (cause.status === 401 || cause.status === 403)
    return new TuttiError({ ...details, status: "PERMISSION_DENIED" });
  if (cause.retry === "never" && cause.status < 500 && cause.status !== 0) return undefined;
  return new TuttiError({ ...details, status: "UNAVAILABLE", retry: "same-key" });
}

export function failureOf(error: unknown): unknown {
  if (!isTuttiError(error)) return error;
  if (error.cause instanceof Failure) return error.cause;
  return new Failure(error.message, { exitCode: exitCodes.refused, code: error.code, cause: error });
}

export function warningsOf({ print }: Context): Logger {
  const warn = (message: string, { error }: { error?: unknown } = {}) =>
    print.note(safe(`${message}: ${error instanceof Error ? error.message : String(error)}`));
  return { ...silentLogger, warn };
}

/** Reads the value of a reference to this machine. */
export async function openedReference({ shell }: Context, reference: string): Promise<string> {
  const [, kind, place = ""] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  const text = kind === "file" ? await shell.readText(place).catch(() => "") : shell.environment[place];
  if (text !== undefined && text.trim() !== "") return text.trim();
  const remedy = kind === "file" ? "Write the file." : `Set the variable: export ${place}=…`;
  throw usageFailure(
    `\`${reference}\` has no value on this machine. ${kind === undefined ? "Pass env:NAME or file:/path." : remedy}`,
  );
}
