/** The consequence of a failed attempt of a task: another attempt, a question to a person, or the failure of the task. */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { decideRetry, type Refusal, type RetryPolicy } from "@tutti/kernel";
import { detailOfRefusal } from "../errors/details.ts";
import { attemptsMax } from "../limits.ts";

export interface FailedAttempt {
  readonly policy: RetryPolicy;
  readonly error: ErrorDetail;
  /** Number of attempts that count for the policy, from 1. */
  readonly tries: number;
  /** Number of the attempt, as in its token. */
  readonly attempt: number;
}

export type AfterFailure =
  | { readonly kind: "retry"; readonly pauseMs: number }
  | { readonly kind: "pause" }
  | { readonly kind: "fail"; readonly error: ErrorDetail };

/** @param exhausted the error of a task with more attempts than tokens can count */
export function afterFailure(
  { policy, error, tries, attempt }: FailedAttempt,
  step: { random(): number },
  exhausted: (max: number) => Refusal,
): AfterFailure {
  const decision = decideRetry(policy, error, tries, () => step.random());
  if (decision.kind === "fail") return { kind: "fail", error };
  if (attempt >= attemptsMax) return { kind: "fail", error: detailOfRefusal(exhausted(attemptsMax), error) };
  return decision;
}
