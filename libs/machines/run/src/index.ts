export { countsIn } from "@tutti/machine-work";
export { decideApproval } from "./approve/commands.ts";
export { isWithin, outermostPlace, questionsOpen } from "./approve/open.ts";
export { type ApprovalsShown, showApprovals } from "./approve/questions.ts";
export { confirmChild, refuseChild } from "./child/commands.ts";
export { indexLabels } from "./description.ts";
export type { AwaitEvent, OfferTask, RenewLease, RunEffect, StartChild } from "./effects.ts";
export { updateRun } from "./entry/commands.ts";
export { type EntryAsked, showEntry } from "./entry/queries.ts";
export { runErrors } from "./errors.ts";
export {
  beginRun,
  cancelRun,
  labelRun,
  pauseRun,
  removeRun,
  resumeRun,
  terminateRun,
  withdrawRun,
} from "./life/commands.ts";
export { loseLease } from "./limit/commands.ts";
export * as runLimits from "./limits.ts";
export { type RunMachineOptions, runMachine } from "./machine.ts";
export { moveRun, reviewMove, verdictWords } from "./move/commands.ts";
export { isMovable } from "./move/move.ts";
export { OfferProfile } from "./plan/offer-profile.ts";
export { RunPlan, type RunPlans } from "./plan/run-plan.ts";
export { showCounts } from "./queries/counts.ts";
export { explain, explainWhole } from "./queries/explain.ts";
export { type RunWanted, showEnding, showRun } from "./queries/run.ts";
export { type SnapshotShown, showSnapshot } from "./queries/snapshot.ts";
export { inWords, type Standing, type Whole } from "./queries/standing.ts";
export { showTask, showTasks, type TasksShown, type TasksWanted } from "./queries/tasks.ts";
export { repairTask, resetRun, retryRun } from "./repair/commands.ts";
export { signalRun } from "./signal/commands.ts";
export { addTasks, bringInOutcomes, withdrawTasks } from "./spawn/commands.ts";
export { type AdditionShown, checkAdded } from "./spawn/queries.ts";
export type { Run } from "./state.ts";
export {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./uses/commands.ts";
export { takeEvent } from "./wait/commands.ts";
