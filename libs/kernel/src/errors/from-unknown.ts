import { describeForeign } from "./foreign.ts";
import { kernelErrors } from "./kernel-errors.ts";
import { isTuttiError, type TuttiError } from "./tutti-error.ts";

const unreachableCodes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
]);
const exhaustedCodes = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM"]);

const deniedCodes = new Set(["EACCES", "EPERM", "EROFS"]);

/** SQLite's codes. The lower eight bits are the kind. A full disk can show as either. */
const sqliteDiskKinds: readonly number[] = [10, 13];

/**
 * Turns any thrown value into an error of ours, with the value as its cause. A `TuttiError` is returned unchanged.
 * Never throws.
 */
export function errorFromUnknown(thrown: unknown): TuttiError {
  if (isTuttiError(thrown)) return thrown;
  const { name, message, code } = describeForeign(thrown);
  const problem = message === "" ? name : `${name}: ${message}`;
  const extras = { cause: thrown };
  if (name === "AbortError" || code === "ABORT_ERR")
    return kernelErrors.cancelled({ operation: "the work" }, extras);
  if (name === "TimeoutError") return kernelErrors.deadlineExceeded({ operation: "the work" }, extras);
  if (unreachableCodes.has(code)) return kernelErrors.unreachable({ problem }, extras);
  if (exhaustedCodes.has(code)) return kernelErrors.exhausted({ problem }, extras);
  if (deniedCodes.has(code)) return kernelErrors.noPermission({ problem: message }, extras);
  if (
    code === "ERR_SQLITE_ERROR" &&
    sqliteDiskKinds.includes(Number(Reflect.get(Object(thrown), "errcode")) & 0xff)
  )
    return kernelErrors.exhausted({ problem: `the disk is full or faulty (${message})` }, extras);
  return kernelErrors.internal({ problem }, extras);
}
