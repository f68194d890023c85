/** Errors as machines store them: bounded, and without data that is useless later. */
import { type ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { causesMax, detailLengthMax, detailsMax, messageLengthMax } from "../limits.ts";

const retryClasses = {
  never: RetryClass.RETRY_CLASS_NEVER,
  "same-key": RetryClass.RETRY_CLASS_SAME_KEY,
  elsewhere: RetryClass.RETRY_CLASS_ELSEWHERE,
} as const;

export function detailOfRefusal(refusal: Refusal, cause?: ErrorDetail): ErrorDetail {
  const { code, message, status, details, retryAfterMs } = refusal;
  return bounded({
    code,
    message,
    status,
    retry: retryClasses[refusal.retry],
    retryAfterMs,
    violations: [],
    details: { ...details },
    cause,
    notOwner: undefined,
  });
}

/** Returns an error from outside, cut to the bounds. */
export function bounded(error: ReadOnly<ErrorDetail> | undefined, depth = 0): ErrorDetail {
  const { code = "", message = "", retry = RetryClass.RETRY_CLASS_UNSPECIFIED, status = "" } = error ?? {};
  const details = Object.entries(error?.details ?? {}).slice(0, detailsMax);
  return {
    code: code === "" ? "task.failed" : truncate(code, 200),
    message: truncate(message, messageLengthMax),
    retry,
    retryAfterMs: error?.retryAfterMs ?? 0,
    violations: [],
    details: Object.fromEntries(
      details.map(([name, text]) => [truncate(name, 200), truncate(text, detailLengthMax)]),
    ),
    cause: error?.cause === undefined || depth >= causesMax ? undefined : bounded(error.cause, depth + 1),
    notOwner: undefined,
    status: truncate(status, 100),
  };
}

export function truncate(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).toWellFormed()}…`;
}

/** Adds the task to an error of the run. */
export function ofTask(error: ReadOnly<ErrorDetail> | undefined, task: string): ErrorDetail {
  const detail = bounded(error);
  return { ...detail, details: { ...detail.details, task } };
}
