/** Converts errors of a PostgreSQL server, and of its connection, to adapter errors. */
import { isTuttiError } from "@tutti/kernel";
import { Busy } from "../../task/failure.ts";
import { unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";

/** Target of a connection. `secrets` are texts that no error may contain. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly secrets: readonly string[];
}

/** An answer above the limit of the operation. */
export class TooMuch extends Error {}

interface Fault {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly severity?: unknown;
}

/** Returns whether the server reported the error, so the connection still works. A connection failure has no severity. */
export function isFromServer(error: unknown): boolean {
  const { severity } = error as Fault;
  return severity === "ERROR";
}

/** Returns whether the server is read-only: it is a standby, or configured as read-only. */
export function isReadOnly(error: unknown): boolean {
  return (error as Fault).code === "25006";
}

/** Converts an error. The cause is left out because it refers to the client's configuration, which has the password. */
export function failureOf(operation: string, error: unknown, target: Target, writes: boolean): Error {
  if (isTuttiError(error) || error instanceof Busy) return error;
  if (error instanceof TooMuch) return adapterErrors.answerUnreadable({ operation, reason: error.message });
  const { code, message, severity } = error as Fault;
  const reason = withoutSecrets(typeof message === "string" ? message : String(error), target.secrets);
  // The server requests a password. The client refuses, because it has none.
  if (/client password must be a string/.test(reason))
    return adapterErrors.notSignedIn({ operation, reason: "the connection string has no password" });
  if (severity === undefined)
    return adapterErrors.unreachable({ operation, reason: unreachableReason(String(code), reason, target) });
  return serverFailure(operation, String(code), reason, writes);
}

/** Converts an error by its SQLSTATE class, which is the first two characters. */
function serverFailure(operation: string, code: string, reason: string, writes: boolean): Error {
  const details = { operation, reason: `${reason} (${code})` };
  if (code.startsWith("28")) return adapterErrors.notSignedIn(details);
  if (code === "53300") return new Busy({ message: `${operation}: ${reason}` });
  // The server stops, starts, or is a standby that does not accept writes yet.
  if (/^(08|57P)/.test(code)) return adapterErrors.unreachable(details);
  if (code === "25006" && !writes)
    return adapterErrors.refused({
      operation,
      reason: `${reason}: set \`writes: true\` of an operation that writes (${code})`,
    });
  // A conflict of transactions, a full disk, a statement that took too long, a failover.
  if (/^(40|53|55P03|57014|58|XX|25006)/.test(code)) return adapterErrors.failed(details);
  return adapterErrors.refused({ ...details, remedy: remedies[code] });
}

const correctStatement = "Correct the statement of the operation.";
/** Remedies by SQLSTATE. */
const remedies: Readonly<Record<string, string>> = {
  "3D000": "Correct the database in the connection string, or create it.",
  "3F000": "Correct the schema, or create it.",
  "42P01": "Correct the name of the table, or create the table in this database.",
  "42501": "Grant the right to the role of the connection string, or use another role.",
  "42601": correctStatement,
  "42703": "Correct the name of the column, or add the column.",
  "42883": correctStatement,
};
