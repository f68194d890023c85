/** What is shown of a run: in lists, and in golden histories. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { RunSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Description } from "@tutti/kernel";
import { cut } from "./error-details.ts";
import { labelLengthMax } from "./limits.ts";
import { taskIdOf } from "./node/places.ts";
import { snapshotOf } from "./snapshots.ts";
import { hasEnded, type Run, type RunView, statusOf } from "./state.ts";

/** What runs are found by besides their own labels: names that no label of a user can have. */
export const indexLabels = {
  hash: "run:hash",
  errorCode: "run:error",
  failedTask: "run:task",
  parent: "run:parent",
  /** Set while it waits for a person. */
  person: "run:person",
} as const;

export function describeRun(run: RunView): Description {
  const { order } = run;
  const labels: Record<string, string> = { ...run.facts.labels };
  if (order !== undefined) {
    if (order.hash !== "") labels[indexLabels.hash] = order.hash;
    const { parent } = order;
    if (parent !== undefined) labels[indexLabels.parent] = cut(`${parent.kind}/${parent.id}`, labelLengthMax);
  }
  if (run.error !== undefined) labels[indexLabels.errorCode] = cut(run.error.code, labelLengthMax);
  if (run.failed >= 0 && hasEnded(run))
    labels[indexLabels.failedTask] = cut(taskIdOf(run, run.failed), labelLengthMax);
  const isAsking = run.more?.isAsking === true && !hasEnded(run);
  if (isAsking || run.pauseMs > 0 || (run.counts[TaskStatus.TASK_STATUS_PAUSED] ?? 0) > 0)
    labels[indexLabels.person] = "yes";
  return {
    status: statusOf(run),
    definition: order?.definition || run.plan?.plan.name || "",
    labels,
    idChosen: order?.idChosen ?? false,
    keepMs: order?.retentionMs || run.plan?.plan.run.retentionMs || undefined,
    removedMs: run.removeMs || undefined,
  };
}

/** All of the state as plain JSON. */
export function projectRun(run: RunView): unknown {
  return {
    ...(RunSnapshotV1.toJSON(snapshotOf(run as Run)) as object),
    counts: [...run.counts],
    left: run.left,
  };
}
