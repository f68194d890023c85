import { WorkStatus } from "@tutti/contracts/types/v1";

const ended: ReadonlySet<WorkStatus> = new Set<WorkStatus>([
  WorkStatus.WORK_STATUS_COMPLETED,
  WorkStatus.WORK_STATUS_FAILED,
  WorkStatus.WORK_STATUS_CANCELLED,
  WorkStatus.WORK_STATUS_TERMINATED,
  WorkStatus.WORK_STATUS_CONTINUED,
]);

/** Returns whether this status is final. */
export function isEnded(status: WorkStatus): boolean {
  return ended.has(status);
}

/** The statuses that are not final. */
export const liveStatuses: readonly WorkStatus[] = [
  WorkStatus.WORK_STATUS_PENDING,
  WorkStatus.WORK_STATUS_RUNNING,
  WorkStatus.WORK_STATUS_PAUSED,
  WorkStatus.WORK_STATUS_CANCELLING,
  WorkStatus.WORK_STATUS_QUARANTINED,
];
