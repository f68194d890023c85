export { countsIn } from "@tutti/machine-work";
export { reserveBudget, returnBudget, spendBudget } from "./budget/commands.ts";
export { confirmChild, endChild, refuseChild } from "./child/commands.ts";
export {
  claimTasks,
  completeJudgedTasks,
  completeTasks,
  handOffTask,
  releaseTasks,
  renewClaims,
} from "./claim/commands.ts";
export { delegateTask } from "./claim/delegate.ts";
export { budgetIn, indexLabels } from "./description.ts";
export type { BoardProfile, MissionEffect, OfferBoardTask, StartMissionChild } from "./effects.ts";
export { putEntries } from "./entry/commands.ts";
export { missionErrors } from "./errors.ts";
export {
  beginMission,
  cancelMission,
  checkMission,
  pauseMission,
  removeMission,
  resumeMission,
  terminateMission,
  withdrawMission,
} from "./life/commands.ts";
export * as missionLimits from "./limits.ts";
export { mission } from "./machine.ts";
export { sendMessages, signalMission } from "./message/commands.ts";
export {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./offer/commands.ts";
export { hearParticipants, joinBoard, leaveMission } from "./participant/commands.ts";
export { approvalShown, type MissionApprovalsWanted, showMissionApprovals } from "./queries/approvals.ts";
export { showBudget } from "./queries/budget.ts";
export {
  changedEntries,
  type EntriesChanged,
  type EntriesWanted,
  getEntries,
  listEntries,
} from "./queries/entries.ts";
export { explainMission } from "./queries/explain.ts";
export { type MessagesShown, type MessagesWanted, showMessages } from "./queries/messages.ts";
export { type MissionWanted, showMission, showMissionEnding } from "./queries/mission.ts";
export {
  type BoardTasksShown,
  type BoardTasksWanted,
  countClaimable,
  showBoardTask,
  showBoardTasks,
} from "./queries/tasks.ts";
export { showVotes, type VotesWanted } from "./queries/votes.ts";
export { decideQuestion } from "./question/commands.ts";
export type { Mission } from "./state.ts";
export { addTasks, bringInOutcomes, resumeTasks, withdrawTasks } from "./task/commands.ts";
export { castVote, closeVote, openVote } from "./vote/commands.ts";
