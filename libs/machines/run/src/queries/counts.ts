/** How many tasks of a run stand how, as the contracts show it. */
import { TaskCounts, TaskStatus } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import type { Run } from "../state.ts";

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

/** From counts by the number of their state. */
export function shownCounts(counts: ArrayLike<number | undefined>, total: number): TaskCounts {
  const shown = TaskCounts.create({ total });
  for (const [status, name] of countNames) shown[name] = counts[status] ?? 0;
  return shown;
}

/** For lists, which ask many runs. */
export const showCounts: Query<Run, undefined, { readonly counts: TaskCounts }> = {
  type: "counts",
  answer: ({ counts, nodeCount }) => ({ counts: shownCounts(counts, nodeCount) }),
};
