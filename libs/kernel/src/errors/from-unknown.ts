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

/**
 * Turns any thrown value into an error of ours, with the value as its cause. A `TuttiError` stays the very
 * same object. Never throws.
 */
export function errorFromUnknown(thrown: unknown): TuttiError {
  if (isTuttiError(thrown)) return thrown;
  const { name, message, code } = describeForeign(thrown);
  const what = message === "" ? name : `${name}: ${message}`;
  const extras = { cause: thrown };
  if (name === "AbortError" || code === "ABORT_ERR")
    return kernelErrors.cancelled({ what: "the work" }, extras);
  if (name === "TimeoutError") return kernelErrors.deadlineExceeded({ what: "the work" }, extras);
  if (unreachableCodes.has(code)) return kernelErrors.unreachable({ what }, extras);
  if (exhaustedCodes.has(code)) return kernelErrors.exhausted({ what }, extras);
  return kernelErrors.internal({ what }, extras);
}
