/**
 * Decides which processes are gone: processes that were silent for a full lease time, in which this process could write
 * without a gap. A process that could not write cannot tell whether others were silent: while the store was unavailable
 * no process could renew, and a stopped process did not listen. After such a time every process gets a grace period:
 * the duration of an attempt without an answer, and the longest pause after it. The store may be back for one process
 * before another tries again.
 */
import type { Holder } from "../table/picture.ts";
import type { Writing } from "./lease.ts";

export interface Judgement {
  /** The process that decides. */
  readonly self: string;
  readonly writing: Writing | undefined;
  readonly leaseMs: number;
  /** The longest pause between attempts to renew. */
  readonly retryMaxMs: number;
  readonly nowMs: number;
}

export function overdue(holders: readonly Holder[], judgement: Judgement): readonly Holder[] {
  const { self, writing, leaseMs, retryMaxMs, nowMs } = judgement;
  if (writing === undefined || nowMs - writing.lastMs > leaseMs / 2) return [];
  const graceMs = writing.wasUnavailable ? leaseMs + leaseMs / 2 + retryMaxMs : leaseMs;
  if (nowMs - writing.sinceMs < graceMs) return [];
  return holders.filter(({ id, lastSeenMs }) => id !== self && nowMs - lastSeenMs >= leaseMs);
}

/**
 * Returns when the next process may have been silent for a lease time. A process that joins later is not silent before
 * that.
 */
export function silentFrom(
  holders: readonly Holder[],
  { self, leaseMs, nowMs }: Pick<Judgement, "self" | "leaseMs" | "nowMs">,
): number {
  let lastSeenMs = nowMs;
  for (const holder of holders) if (holder.id !== self) lastSeenMs = Math.min(lastSeenMs, holder.lastSeenMs);
  return lastSeenMs + leaseMs;
}
