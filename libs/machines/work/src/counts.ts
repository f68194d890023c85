/** Counts of tasks by status: as a message of the contracts, and as a label. */
import { TaskCounts, TaskStatus } from "@tutti/contracts/types/v1";

const countNames: readonly (readonly [TaskStatus, keyof TaskCounts])[] = [
  [TaskStatus.TASK_STATUS_PENDING, "pending"],
  [TaskStatus.TASK_STATUS_HELD, "held"],
  [TaskStatus.TASK_STATUS_QUEUED, "queued"],
  [TaskStatus.TASK_STATUS_RUNNING, "running"],
  [TaskStatus.TASK_STATUS_WAITING, "waiting"],
  [TaskStatus.TASK_STATUS_RETRYING, "retrying"],
  [TaskStatus.TASK_STATUS_PAUSED, "paused"],
  [TaskStatus.TASK_STATUS_COMPLETED, "completed"],
  [TaskStatus.TASK_STATUS_FAILED, "failed"],
  [TaskStatus.TASK_STATUS_SKIPPED, "skipped"],
  [TaskStatus.TASK_STATUS_CANCELLED, "cancelled"],
  [TaskStatus.TASK_STATUS_COMPENSATING, "compensating"],
  [TaskStatus.TASK_STATUS_COMPENSATED, "compensated"],
];

/** Converts counts by the number of their status. */
export function countsOf(counts: ArrayLike<number | undefined>, total: number): TaskCounts {
  const result = TaskCounts.create({ total });
  for (const [status, name] of countNames) result[name] = counts[status] ?? 0;
  return result;
}

/** Returns the counts of tasks in a label. */
export function countsIn(label: string | undefined): TaskCounts | undefined {
  if (label === undefined) return undefined;
  const counts: number[] = [];
  let total = 0;
  for (const part of label.split(" ")) {
    const [status = 0, count = 0] = part.split(":").map(Number);
    counts[status] = count;
    total += count;
  }
  return countsOf(counts, total);
}

/** Returns the label with counts of tasks. */
export function countsLabel(counts: readonly (number | undefined)[]): string {
  const parts: string[] = [];
  for (const [status, count = 0] of counts.entries()) if (count > 0) parts.push(`${status}:${count}`);
  return parts.join(" ");
}
