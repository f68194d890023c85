/**
 * Attempts as tokens carry them, combined with the number of resets of the instance. After a reset its effects have the
 * same numbers again, and a late result of an undone effect must not count for the new one.
 */
import { assert } from "@tutti/kernel";
import type { EffectToken } from "../api.ts";

const attemptsMax = 2 ** 20;

export function tokenAttempt(attempt: number, resets: number): number {
  assert(attempt >= 0 && attempt < attemptsMax, `an effect has fewer than ${attemptsMax} attempts`, {
    attempt,
  });
  return (resets % 4_096) * attemptsMax + attempt;
}

/** Returns the attempt as its machine counts it. */
export function attemptOf({ attempt }: EffectToken): number {
  return attempt % attemptsMax;
}
