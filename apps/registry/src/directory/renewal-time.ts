/**
 * Returns when an instance renews next. Many instances renew at the same times: a third of the lease from
 * now, moved to the nearest multiple of `gatherMs`.
 */
export function renewAfterMs(monotonicMs: number, leaseMs: number, gatherMs: number): number {
  const everyMs = leaseMs / 3;
  if (everyMs < 2 * gatherMs) return everyMs;
  const momentMs = Math.round((monotonicMs + everyMs) / gatherMs) * gatherMs;
  return momentMs - monotonicMs;
}
