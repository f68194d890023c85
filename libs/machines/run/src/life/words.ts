import { WorkStatus } from "@tutti/contracts/types/v1";

const names: Readonly<Record<number, string>> = {
  [WorkStatus.WORK_STATUS_PENDING]: "pending",
  [WorkStatus.WORK_STATUS_RUNNING]: "running",
  [WorkStatus.WORK_STATUS_PAUSED]: "paused",
  [WorkStatus.WORK_STATUS_CANCELLING]: "cancelling",
  [WorkStatus.WORK_STATUS_COMPLETED]: "completed",
  [WorkStatus.WORK_STATUS_FAILED]: "failed",
  [WorkStatus.WORK_STATUS_CANCELLED]: "cancelled",
  [WorkStatus.WORK_STATUS_TERMINATED]: "terminated",
  [WorkStatus.WORK_STATUS_CONTINUED]: "continued as a new one",
};

/** A status in a sentence. */
export function statusName(status: WorkStatus): string {
  return names[status] ?? "not begun";
}
