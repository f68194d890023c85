/**
 * When an instance is to renew next, so that many come at the same moments: a third of its lease from now, moved to the
 * next of the moments that are `gatherMs` apart, or the one before where that is nearer.
 */
export function renewAfterMs(monotonicMs: number, leaseMs: number, gatherMs: number): number {
  const everyMs = leaseMs / 3;
  if (everyMs < 2 * gatherMs) return everyMs;
  const momentMs = Math.round((monotonicMs + everyMs) / gatherMs) * gatherMs;
  return momentMs - monotonicMs;
}
