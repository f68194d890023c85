/**
 * Who may be declared gone: a process that was heard of a full lease time ago or longer, all of which this process was
 * able to write itself. Who could not write for a while cannot tell silence from its own deafness: while the store was
 * away no process could renew, and a stopped process has not listened. After that every process is given besides what
 * an attempt takes without an answer, and the longest pause behind it: the store is back for one process before another
 * asks again.
 */
import type { Holder } from "../table/picture.ts";
import type { Writing } from "./lease.ts";

export interface Judgement {
  /** The judge itself. */
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
  const graceMs = writing.wasAway ? leaseMs + leaseMs / 2 + retryMaxMs : leaseMs;
  if (nowMs - writing.sinceMs < graceMs) return [];
  return holders.filter(({ id, heardMs }) => id !== self && nowMs - heardMs >= leaseMs);
}

/** When the next process may be silent for a lease time. Who joins later is not silent before that. */
export function silentFrom(
  holders: readonly Holder[],
  { self, leaseMs, nowMs }: Pick<Judgement, "self" | "leaseMs" | "nowMs">,
): number {
  let heardMs = nowMs;
  for (const holder of holders) if (holder.id !== self) heardMs = Math.min(heardMs, holder.heardMs);
  return heardMs + leaseMs;
}
