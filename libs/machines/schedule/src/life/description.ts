/** The description of a schedule in lists and in golden histories. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ScheduleSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Description } from "@tutti/kernel";
import { snapshotOf } from "../snapshots.ts";
import type { ScheduleView } from "../state.ts";

export function describeSchedule({ status, plan, note }: ScheduleView): Description {
  return {
    status: statuses[status],
    definition: plan.definition,
    labels: status === "paused" ? { ...plan.labels, paused: note } : { ...plan.labels },
    // The id is free again after the data of a removed schedule is gone.
    idChosen: false,
  };
}

/** Returns the whole state as plain JSON. */
export function projectSchedule(schedule: ScheduleView): unknown {
  return ScheduleSnapshotV1.toJSON(snapshotOf(schedule));
}

const statuses = {
  absent: WorkStatus.WORK_STATUS_UNSPECIFIED,
  active: WorkStatus.WORK_STATUS_RUNNING,
  paused: WorkStatus.WORK_STATUS_PAUSED,
  removed: WorkStatus.WORK_STATUS_COMPLETED,
} as const;
