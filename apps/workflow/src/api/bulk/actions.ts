/** The action on each run, and the runs that permit it. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type BulkAction, LabelRunRequest } from "@tutti/contracts/workflow/v1";
import type { IndexEntry } from "@tutti/journal";
import { isEnded } from "@tutti/kernel";
import { indexLabels, isMovable } from "@tutti/machine-run";
import type { CallOptions } from "@tutti/mesh";
import type { BulkDependencies } from "./dependencies.ts";
import { fix } from "./fixes.ts";

type Action = NonNullable<BulkAction["action"]>;

/** Returns whether an action fits the status of a run, as far as the index knows it. */
export function fitsStatus({ $case }: Action, { status, labels }: IndexEntry): boolean {
  if (status === WorkStatus.WORK_STATUS_QUARANTINED) return false;
  const waitsForPerson = labels[indexLabels.person] !== undefined;
  switch ($case) {
    case "retry":
    case "fix":
      return retried.has(status) || waitsForPerson;
    case "pause":
      return status === WorkStatus.WORK_STATUS_PENDING || status === WorkStatus.WORK_STATUS_RUNNING;
    case "resume":
      return !isEnded(status) && waitsForPerson;
    case "cancel":
      return !isEnded(status) && status !== WorkStatus.WORK_STATUS_CANCELLING;
    case "terminate":
    case "signal":
      return !isEnded(status);
    case "label":
      return true;
    case "remove":
      return isEnded(status);
    case "move":
      return isMovable(status);
  }
}

const retried: ReadonlySet<WorkStatus> = new Set([
  WorkStatus.WORK_STATUS_PAUSED,
  WorkStatus.WORK_STATUS_FAILED,
  WorkStatus.WORK_STATUS_CANCELLED,
  WorkStatus.WORK_STATUS_TERMINATED,
]);

export interface Target {
  readonly namespace: string;
  readonly runId: string;
  readonly reason: string;
  /** For a move: versions of children that differ. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Applies the action to one run. The options contain the key that makes a repetition harmless. */
export async function act(
  { runs, tasks }: Pick<BulkDependencies, "runs" | "tasks">,
  action: Action,
  { namespace, runId, reason, versions }: Target,
  options: CallOptions,
): Promise<void> {
  const named = { namespace, runId };
  const idempotencyKey = options.idempotencyKey ?? "";
  switch (action.$case) {
    case "retry": {
      const { taskIds } = action.value;
      await runs.retryRun({ ...named, taskIds, reason, idempotencyKey }, options);
      return;
    }
    case "pause":
      await runs.pauseRun({ ...named, reason, idempotencyKey: "" }, options);
      return;
    case "resume":
      await runs.resumeRun({ ...named, reason, taskIds: [], idempotencyKey: "" }, options);
      return;
    case "cancel":
      await runs.cancelRun({ ...named, reason, noCompensate: false }, options);
      return;
    case "terminate":
      await runs.terminateRun({ ...named, reason }, options);
      return;
    case "signal": {
      const { signal, payload } = action.value;
      await runs.signalRun({ ...named, signal, payload, idempotencyKey }, options);
      return;
    }
    case "label": {
      const { labels, removedLabels } = action.value;
      await runs.labelRun(LabelRunRequest.fromPartial({ ...named, labels, removedLabels }), options);
      return;
    }
    case "move": {
      const { version, map, restart, back } = action.value;
      const to = { version: versions[runId] ?? version, map, restart, back, dryRun: false };
      await runs.moveRun({ ...named, ...to, reason, idempotencyKey }, options);
      return;
    }
    case "fix":
      await fix({ tasks }, action.value, { ...named, reason }, options);
      return;
    case "remove":
      await runs.deleteRun({ ...named, reason }, options);
  }
}
