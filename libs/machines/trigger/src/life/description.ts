/** The description of a trigger in lists and in golden histories. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { TriggerSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Description } from "@tutti/kernel";
import { snapshotOf } from "../snapshots.ts";
import type { TriggerView } from "../state.ts";

export function describeTrigger({ status, plan, note }: TriggerView): Description {
  return {
    status: statuses[status],
    definition: plan.definition,
    labels: status === "paused" ? { ...plan.labels, paused: note } : { ...plan.labels },
    // The id is free again after the data of a removed trigger is gone.
    idChosen: false,
  };
}

/** Returns the whole state as plain JSON. */
export function projectTrigger(trigger: TriggerView): unknown {
  return TriggerSnapshotV1.toJSON(snapshotOf(trigger));
}

const statuses = {
  absent: WorkStatus.WORK_STATUS_UNSPECIFIED,
  active: WorkStatus.WORK_STATUS_RUNNING,
  paused: WorkStatus.WORK_STATUS_PAUSED,
  removed: WorkStatus.WORK_STATUS_COMPLETED,
} as const;
