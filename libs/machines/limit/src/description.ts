/** What is shown of a limit: in lists, and in golden histories. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { LimitSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Description } from "@tutti/kernel";
import { snapshotOf } from "./snapshots.ts";
import type { Limit, LimitView } from "./state.ts";

/** A limit never ends: what was set for it may be removed, and its key be wanted again a moment later. */
export function describeLimit({ used, set, holds, line }: LimitView): Description {
  return {
    status: used ? WorkStatus.WORK_STATUS_RUNNING : WorkStatus.WORK_STATUS_UNSPECIFIED,
    definition: "",
    labels: {
      set: set === undefined ? "no" : "yes",
      held: String(holds.size),
      waiting: String(line.size),
    },
    idChosen: false,
  };
}

/** All of the state as plain JSON. */
export function projectLimit(limit: LimitView): unknown {
  return LimitSnapshotV1.toJSON(snapshotOf(limit as Limit));
}
