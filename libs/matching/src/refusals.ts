import { type ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import type { Refusal } from "@tutti/kernel";

const retryClasses = {
  never: RetryClass.RETRY_CLASS_NEVER,
  "same-key": RetryClass.RETRY_CLASS_SAME_KEY,
  elsewhere: RetryClass.RETRY_CLASS_ELSEWHERE,
} as const;

/** Returns a refusal in the form of the contracts. It makes no error: 10,000 attempts may be lost at once. */
export function detailOf(refusal: Refusal): ErrorDetail {
  const { code, message, retry, retryAfterMs, violations, details, status } = refusal;
  return {
    code,
    message,
    retry: retryClasses[retry],
    retryAfterMs,
    violations: violations.map((violation) => ({ ...violation })),
    details: { ...details },
    cause: undefined,
    notOwner: undefined,
    status,
  };
}
