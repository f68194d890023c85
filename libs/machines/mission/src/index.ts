export { countsIn } from "@tutti/machine-work";
export type { BoardProfile, MissionEffect, OfferBoardTask, StartMissionChild } from "./core/state/effects.ts";
export * as missionLimits from "./core/state/limits.ts";
export type { Mission } from "./core/state/state.ts";
export { missionErrors } from "./errors.ts";
export { reserveBudget, returnBudget, spendBudget } from "./life/commands/budget.ts";
export { confirmChild, endChild, refuseChild } from "./life/commands/children.ts";
export {
  claimTasks,
  completeJudgedTasks,
  completeTasks,
  handOffTask,
  releaseTasks,
  renewClaims,
} from "./life/commands/claims.ts";
export { delegateTask } from "./life/commands/delegation.ts";
export { putEntries } from "./life/commands/entries.ts";
export { sendMessages, signalMission } from "./life/commands/messages.ts";
export {
  beginMission,
  cancelMission,
  checkMission,
  pauseMission,
  removeMission,
  resumeMission,
  terminateMission,
  withdrawMission,
} from "./life/commands/mission.ts";
export {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./life/commands/offers.ts";
export { hearParticipants, joinBoard, leaveMission } from "./life/commands/participants.ts";
export { decideQuestion } from "./life/commands/questions.ts";
export { addTasks, bringInOutcomes, resumeTasks, withdrawTasks } from "./life/commands/tasks.ts";
export { castVote, closeVote, openVote } from "./life/commands/votes.ts";
export { budgetIn, indexLabels } from "./life/description.ts";
export {
  approvalMessage,
  type ShowApprovalsOptions,
  showMissionApprovals,
} from "./life/queries/approvals.ts";
export { showBudget } from "./life/queries/budget.ts";
export {
  changedEntries,
  type EntriesChanged,
  getEntries,
  listEntries,
  type ShowEntriesOptions,
} from "./life/queries/entries.ts";
export { explainMission } from "./life/queries/explain.ts";
export {
  type MessagesPage,
  type ShowMessagesOptions,
  showMessages,
} from "./life/queries/messages.ts";
export {
  type ShowMissionOptions,
  showMission,
  showMissionEnding,
} from "./life/queries/mission.ts";
export {
  type BoardTasksPage,
  countClaimable,
  type ShowBoardTasksOptions,
  showBoardTask,
  showBoardTasks,
} from "./life/queries/tasks.ts";
export { type ShowVotesOptions, showVotes } from "./life/queries/votes.ts";
export { mission } from "./machine.ts";
