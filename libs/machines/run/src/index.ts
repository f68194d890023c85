export { countsIn } from "@tutti/machine-work";
export { OfferProfile } from "./core/plan/offer-profile.ts";
export { type CachedOutputs, RunPlan, type RunPlans } from "./core/plan/run-plan.ts";
export type { AwaitEvent, OfferTask, RenewLease, RunEffect, StartChild } from "./core/state/effects.ts";
export * as runLimits from "./core/state/limits.ts";
export type { Run } from "./core/state/state.ts";
export { runErrors } from "./errors.ts";
export { isWithin, outermostPlace, questionsOpen } from "./kinds/approve/open.ts";
export { type ApprovalsPage, showApprovals } from "./kinds/approve/questions.ts";
export { type AdditionReview, checkAdded } from "./kinds/spawn/queries.ts";
export {
  beginRun,
  cancelRun,
  labelRun,
  pauseRun,
  removeRun,
  resumeRun,
  terminateRun,
  withdrawRun,
} from "./life/control/commands.ts";
export { type EntryQuery, showEntry } from "./life/entry/queries.ts";
export { loseLease } from "./life/limit/commands.ts";
export { moveRun, reviewMove, verdictNames } from "./life/move/commands.ts";
export { isMovable } from "./life/move/move.ts";
export { showCounts } from "./life/queries/counts.ts";
export { explain, explainGroups } from "./life/queries/explain.ts";
export { type FilesPage, showFiles } from "./life/queries/files.ts";
export { type ShowRunOptions, showEnding, showRun } from "./life/queries/run.ts";
export { type SnapshotReply, showSnapshot } from "./life/queries/snapshot.ts";
export {
  explanationOf,
  type RunExplanation,
  type TaskGroup,
} from "./life/queries/task-groups.ts";
export {
  type ShowTasksOptions,
  showTask,
  showTasks,
  type TasksPage,
} from "./life/queries/tasks.ts";
export { repairTask, resetRun, retryRun } from "./life/repair/commands.ts";
export { addTasks, bringInOutcomes, withdrawTasks } from "./life/results/additions.ts";
export {
  claimApproval,
  decideApproval,
  delegateApproval,
  releaseApproval,
} from "./life/results/approvals.ts";
export {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./life/results/attempts.ts";
export { confirmChild, refuseChild } from "./life/results/children.ts";
export { takeEvent } from "./life/results/events.ts";
export { signalRun } from "./life/results/signals.ts";
export { updateRun } from "./life/results/updates.ts";
export { indexLabels } from "./life/snapshot/description.ts";
export { type RunMachineOptions, runMachine } from "./machine.ts";
