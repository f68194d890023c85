/** The description of a run in lists and in golden histories. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { RunSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Description } from "@tutti/kernel";
import { countsLabel, labelLengthMax, truncate } from "@tutti/machine-work";
import { taskIdOf } from "../../core/state/places.ts";
import { hasEnded, type Run, type RunView, statusOf } from "../../core/state/state.ts";
import { openQuestions } from "../../kinds/approve/open.ts";
import { snapshotOf } from "./snapshots.ts";

/** Labels for finding runs, in addition to their own: no label of a user can have these names. */
export const indexLabels = {
  hash: "run:hash",
  errorCode: "run:error",
  failedTask: "run:task",
  parent: "run:parent",
  /** Set while it waits for a person. */
  person: "run:person",
  /** Number of open questions to people. Absent without any. */
  questions: "run:questions",
  /** Set once a question to people has had a decision. */
  answered: "run:answered",
  /** Number of tasks by status, after the end: `8:2 9:1`. Few runs of a definition differ in it. */
  tasks: "run:tasks",
} as const;

export function describeRun(run: RunView): Description {
  const { order } = run;
  const labels: Record<string, string> = { ...run.facts.labels };
  if (order !== undefined) {
    if (order.hash !== "") labels[indexLabels.hash] = order.hash;
    const { parent } = order;
    if (parent !== undefined)
      labels[indexLabels.parent] = truncate(`${parent.kind}/${parent.id}`, labelLengthMax);
  }
  if (run.error !== undefined) labels[indexLabels.errorCode] = truncate(run.error.code, labelLengthMax);
  if (run.failed >= 0 && hasEnded(run))
    labels[indexLabels.failedTask] = truncate(taskIdOf(run, run.failed), labelLengthMax);
  const questions = hasEnded(run) ? 0 : openQuestions(run);
  if (questions > 0) labels[indexLabels.questions] = String(questions);
  if (run.more?.hasDecisions === true) labels[indexLabels.answered] = "yes";
  if (hasEnded(run) && run.nodeCount > 0) labels[indexLabels.tasks] = countsLabel(run.counts);
  if (questions > 0 || run.pauseMs > 0 || (run.counts[TaskStatus.TASK_STATUS_PAUSED] ?? 0) > 0)
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

/** Returns the whole state as plain JSON, without data that is only displayed: golden histories are older. */
export function projectRun(run: RunView): unknown {
  const snapshot = snapshotOf(run as Run);
  const nodes = snapshot.nodes.map((node) => {
    const { TASK_STATUS_UNSPECIFIED, TASK_STATUS_FAILED } = TaskStatus;
    const failures = node.failures
      .filter(({ gave }) => gave === TASK_STATUS_UNSPECIFIED)
      .map((failure) => ({ ...failure, undo: false, queueMs: 0, startMs: 0, starter: "" }));
    const hasOnlyFailures =
      node.failures.length > 0 && node.failures.every(({ gave }) => gave === TASK_STATUS_FAILED);
    const detailed = node.detailed && !hasOnlyFailures;
    return { ...node, detailed, failures, undoAttempts: 0 };
  });
  return {
    ...(RunSnapshotV1.toJSON({ ...snapshot, nodes, firstBeginMs: 0, answered: false }) as object),
    counts: [...run.counts],
    left: run.remaining,
  };
}
