/**
 * Why a task computes its output, as the entry decides when the task asks. The run records it: later, the entry has
 * another output.
 */
import { CacheMiss, CacheMissReason, type OutputForgottenV1 } from "@tutti/contracts/workflow/v1";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import { type CacheEntry, removalMs } from "./entry.ts";
import { isProven, neededOf } from "./proof.ts";

/** Returns the reason for which an entry has no output that the task may use. */
export function missOf(entry: ReadOnly<CacheEntry>, nowMs: number): CacheMiss {
  const { present, error, dueMs, runId, taskId, forgotten } = entry;
  // The cast is safe: a message is not changed.
  if (!present && forgotten !== undefined) return { ...forgotten } as CacheMiss;
  if (!present) return CacheMiss.fromPartial({ reason: CacheMissReason.CACHE_MISS_REASON_ABSENT });
  const isIgnored = error !== undefined && nowMs < removalMs(entry);
  return CacheMiss.fromPartial({
    runId,
    taskId,
    ...(isIgnored
      ? { reason: CacheMissReason.CACHE_MISS_REASON_FAILURE }
      : { reason: CacheMissReason.CACHE_MISS_REASON_EXPIRED, forgetTime: toTimestamp(dueMs) }),
  });
}

/** Returns the reason of tasks that ask after the output was removed. */
export function missAfter(
  { forgetMs, invalidated, evicted, unreadable }: OutputForgottenV1,
  { runId, taskId, dueMs }: Pick<ReadOnly<CacheEntry>, "runId" | "taskId" | "dueMs">,
): CacheMiss {
  const removed = (reason: CacheMissReason, timeMs = forgetMs) =>
    CacheMiss.fromPartial({ reason, runId, taskId, forgetTime: toTimestamp(timeMs) });
  if (unreadable) return removed(CacheMissReason.CACHE_MISS_REASON_UNREADABLE);
  if (invalidated) return removed(CacheMissReason.CACHE_MISS_REASON_INVALIDATED);
  if (evicted) return removed(CacheMissReason.CACHE_MISS_REASON_EVICTED);
  return removed(CacheMissReason.CACHE_MISS_REASON_EXPIRED, dueMs > 0 ? dueMs : forgetMs);
}

/** Returns the reason of tasks with `cache: auto` that compute although there may be an output. */
export function shadowMiss(entry: ReadOnly<CacheEntry>): CacheMiss {
  const { CACHE_MISS_REASON_COMPARED: compared, CACHE_MISS_REASON_UNPROVEN: unproven } = CacheMissReason;
  return CacheMiss.fromPartial({
    reason: isProven(entry) ? compared : unproven,
    equalOutputs: entry.equal,
    neededOutputs: neededOf(entry),
  });
}
