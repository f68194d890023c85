/** The counts of the tasks of a run. */
import type { TaskCounts } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import { countsOf } from "@tutti/machine-work";
import type { Run } from "../../core/state/state.ts";

/** Used by lists, which query many runs. */
export const showCounts: Query<Run, undefined, { readonly counts: TaskCounts }> = {
  type: "counts",
  answer: ({ counts, nodeCount }) => ({ counts: countsOf(counts, nodeCount) }),
};
