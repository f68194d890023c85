/**
 * An entry of the cache, a machine: an output that tasks with the same key may use instead of their own. It ends when its
 * time is over, and begins anew with the next output.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { CacheSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { kernelErrors, type Machine } from "@tutti/kernel";
import { askCache, forgetOutput, storeOutput } from "./commands.ts";
import { outputForgotten, outputStored } from "./events.ts";
import { type CacheEntry, type CacheView, newEntry, timer } from "./state.ts";

const newest = 1;

export const cache: Machine<CacheEntry, never> = {
  kind: "cache",
  behaviour: 1,
  isEndless: true,
  create: newEntry,
  commands: [askCache, storeOutput, forgetOutput],
  events: [outputStored, outputForgotten],
  queries: [],
  expire: (_, __, step) => step.emit(outputForgotten, { forgetMs: step.nowMs }),
  snapshots: {
    version: newest,
    encode: (entry) => CacheSnapshotV1.encode(snapshotOf(entry)).finish(),
    decode(bytes, version) {
      if (version !== newest) throw kernelErrors.snapshotUnknown({ kind: "cache", version, newest });
      return { ...newEntry(), ...CacheSnapshotV1.decode(bytes) };
    },
  },
  recover({ present, dueMs }, outstanding) {
    if (present) outstanding.timer(timer, dueMs);
  },
  describe: ({ used, present }) => ({
    status: present ? WorkStatus.WORK_STATUS_RUNNING : used ? ended : WorkStatus.WORK_STATUS_UNSPECIFIED,
    definition: "",
    labels: {},
    idChosen: false,
  }),
  project: (entry) => CacheSnapshotV1.toJSON(snapshotOf(entry)),
};

const ended = WorkStatus.WORK_STATUS_COMPLETED;

function snapshotOf({ used, present, output, storeMs, dueMs }: CacheView): CacheSnapshotV1 {
  return { used, present, output: output && { ...output }, storeMs, dueMs };
}
