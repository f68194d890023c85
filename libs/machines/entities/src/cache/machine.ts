/**
 * An entry of the cache, a machine: an output that tasks with the same key may use instead of their own. It ends when its
 * time is over, and begins anew with the next output.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { CacheSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { entity } from "../kit/entity.ts";
import { askCache, forgetOutput, storeOutput } from "./commands.ts";
import { outputForgotten, outputStored } from "./events.ts";
import { type CacheEntry, newEntry, timer } from "./state.ts";

export const cache = entity({
  kind: "cache",
  create: newEntry,
  commands: [askCache, storeOutput, forgetOutput],
  events: [outputStored, outputForgotten],
  expire: (_, __, step) => step.emit(outputForgotten, { forgetMs: step.nowMs }),
  recover({ present, dueMs }, outstanding) {
    if (present) outstanding.timer(timer, dueMs);
  },
  snapshot: {
    codec: CacheSnapshotV1,
    of: (entry: CacheEntry) => entry,
    from: (entry) => ({ ...newEntry(), ...entry }),
  },
  status: ({ used, present }) =>
    present ? WorkStatus.WORK_STATUS_RUNNING : used ? ended : WorkStatus.WORK_STATUS_UNSPECIFIED,
  idChosen: false,
});

const ended = WorkStatus.WORK_STATUS_COMPLETED;
