/** Names of the statuses of work and of tasks. */
import { workStatusDisplay } from "@tutti/contracts/states";
import { TaskStatus, type WorkStatus } from "@tutti/contracts/types/v1";

const labels = new Map<WorkStatus, string>(
  Object.values(workStatusDisplay).map(({ number, label }) => [number, label]),
);

/** Returns a status in a sentence. */
export function statusName(status: WorkStatus): string {
  return labels.get(status) ?? "not started";
}

/** Returns a status as a word: `completed`, `failed`, `skipped`. */
export function taskStatusName(status: TaskStatus): string {
  return taskStatusNames[status] ?? "pending";
}

const verbs: Readonly<Record<string, string>> = {
  completed: "has",
  failed: "has",
  cancelled: "was",
  terminated: "was",
  skipped: "was",
  compensated: "was",
  "continued as new": "was",
};

/** Returns a status with its verb, as a sentence needs it: `has failed`, `was cancelled`, `is running`. */
export function statusClause(status: string): string {
  return `${verbs[status] ?? "is"} ${status}`;
}

const taskStatusNames: Readonly<Record<number, string>> = {
  [TaskStatus.TASK_STATUS_PENDING]: "pending",
  [TaskStatus.TASK_STATUS_HELD]: "held",
  [TaskStatus.TASK_STATUS_QUEUED]: "queued",
  [TaskStatus.TASK_STATUS_RUNNING]: "running",
  [TaskStatus.TASK_STATUS_WAITING]: "waiting",
  [TaskStatus.TASK_STATUS_RETRYING]: "retrying",
  [TaskStatus.TASK_STATUS_PAUSED]: "paused",
  [TaskStatus.TASK_STATUS_COMPLETED]: "completed",
  [TaskStatus.TASK_STATUS_FAILED]: "failed",
  [TaskStatus.TASK_STATUS_SKIPPED]: "skipped",
  [TaskStatus.TASK_STATUS_CANCELLED]: "cancelled",
  [TaskStatus.TASK_STATUS_COMPENSATING]: "compensating",
  [TaskStatus.TASK_STATUS_COMPENSATED]: "compensated",
};

export function isDone(status: TaskStatus): boolean {
  return status >= TaskStatus.TASK_STATUS_COMPLETED;
}
