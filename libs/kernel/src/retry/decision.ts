/** Decides from the error alone whether a failed attempt is followed by another. */
import { type ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { matchesWildcard } from "../text.ts";
import { type RetryPolicy, retryDefaults } from "./policy.ts";

type Failure = Pick<ErrorDetail, "code" | "retry" | "retryAfterMs">;

/** The longest pause that an error can request. */
export const retryAfterMaxMs = 3_600_000;

export type RetryDecision =
  | { readonly kind: "retry"; readonly pauseMs: number }
  /** All attempts were used, and the policy requires a person to decide. */
  | { readonly kind: "pause" }
  | { readonly kind: "fail" };

/** @param tries attempts so far, from 1 */
export function decideRetry(
  policy: RetryPolicy,
  error: Failure,
  tries: number,
  random: () => number,
): RetryDecision {
  if (!isRetried(policy, error)) return { kind: "fail" };
  if (tries < policy.maxAttempts)
    return { kind: "retry", pauseMs: retryPauseMs(policy, tries, error, random()) };
  return { kind: policy.pauseWhenExhausted ? "pause" : "fail" };
}

/** Returns whether an error may be followed by another attempt, regardless of the number of attempts. */
export function isRetried(
  { retryOn, failOn }: Pick<RetryPolicy, "retryOn" | "failOn">,
  { code, retry }: Pick<ErrorDetail, "code" | "retry">,
): boolean {
  if (failOn.some((pattern) => matchesWildcard(pattern, code))) return false;
  if (retryOn.length > 0) return retryOn.some((pattern) => matchesWildcard(pattern, code));
  return retry !== RetryClass.RETRY_CLASS_NEVER;
}

/** @param tries attempts so far, from 1 */
export function retryPauseMs(
  { initialMs, factor, maxMs, jitter }: Pick<RetryPolicy, "initialMs" | "factor" | "maxMs" | "jitter">,
  tries: number,
  { retryAfterMs }: Pick<ErrorDetail, "retryAfterMs">,
  random: number,
): number {
  // Plans of earlier releases may have a longest pause of 0.
  const fullPauseMs = Math.min(initialMs * factor ** Math.max(0, tries - 1), maxMs || retryDefaults.maxMs);
  const pauseMs = Math.round(fullPauseMs * (1 - jitter * random));
  // The handler may know better how long its failure lasts.
  return Math.max(pauseMs, Math.min(retryAfterMs, retryAfterMaxMs));
}
