/**
 * The mission, a machine: tasks on a board, agents that work them off, and what they share.
 *
 * **Commands.** Where the contracts have a request, that is the command's body, its ids left empty: `add_tasks`
 * (`AddTasksRequest`), `withdraw_tasks`, `bring_in_outcomes`, `renew_claims`, `release_tasks`, `complete_tasks`,
 * `hand_off_task`, `delegate_task`, `leave_mission`, `put_entries`, `send_messages`, `open_vote`, `cast_vote`,
 * `close_vote`, `reserve_budget`, `spend_budget`, `return_budget`. They answer with the reply of the contract. Of
 * `machine_mission.proto` are `begin_mission`, `pause_mission`, `resume_mission`, `cancel_mission`,
 * `terminate_mission`, `withdraw_mission`, `remove_mission`, `join_board`, `hear_participants`, `claim_board_tasks`,
 * `complete_judged_tasks`, `signal_mission`, `resume_board_tasks`, `decide_mission_question`, `check_mission`. Results
 * of effects, with their token, have the words of runs (`tutti.workflow.v1`): `complete_task`, `fail_task`,
 * `return_task`, `note_attempt`, `note_progress`, `note_model_calls` of an offer, `confirm_child`, `refuse_child` of a
 * child's start. Letters: `begin_mission`, `cancel_mission`, `terminate_mission`, `withdraw_mission`, and `end_child`
 * of children.
 *
 * **What it sends.** To children `withdraw_run`, `cancel_run`, `terminate_run`, `withdraw_mission`, `cancel_mission`,
 * `terminate_mission`. To its parent `end_child`.
 *
 * **What it asks for** is in `effects.ts`: `offer_task` in the form of runs, and `start_child`.
 *
 * Idempotency keys are the runtime's: a repetition never gets here. If a person is asked to raise the budget,
 * the reply of `reserve_budget` has no reservation: the handler returns RESOURCE_EXHAUSTED to the caller.
 *
 * 1. A ready task is in one place, and only its taker starts it from there.
 * 2. A claim fences: what bears an older one changes nothing.
 * 3. In each limited amount, spent and reserved together never exceed the limit. An amount counts as used if
 *    it is not known to be unused.
 * 4. Every step continues as far as it can: a mission that has not ended says what it waits for.
 */
import type { Command, Machine, MachineEvent } from "@tutti/kernel";
import { newestBehaviour } from "./behaviours.ts";
import { reserveBudget, returnBudget, spendBudget } from "./budget/commands.ts";
import * as budget from "./budget/events.ts";
import { confirmChild, endChild, refuseChild } from "./child/commands.ts";
import { childQueued, childStarted } from "./child/events.ts";
import {
  claimTasks,
  completeJudgedTasks,
  completeTasks,
  handOffTask,
  releaseTasks,
  renewClaims,
} from "./claim/commands.ts";
import { delegateTask } from "./claim/delegate.ts";
import * as attempts from "./claim/events.ts";
import { describeMission, projectMission } from "./description.ts";
import type { MissionEffect } from "./effects.ts";
import { putEntries } from "./entry/commands.ts";
import { entriesWritten } from "./entry/events.ts";
import {
  beginMission,
  cancelMission,
  checkMission,
  pauseMission,
  removeMission,
  resumeMission,
  terminateMission,
  withdrawMission,
} from "./life/commands.ts";
import * as life from "./life/events.ts";
import { expire } from "./life/expire.ts";
import { sendMessages, signalMission } from "./message/commands.ts";
import { messagesSent } from "./message/events.ts";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./offer/commands.ts";
import { hearParticipants, joinBoard, leaveMission } from "./participant/commands.ts";
import * as participants from "./participant/events.ts";
import { showMissionApprovals } from "./queries/approvals.ts";
import { showBudget } from "./queries/budget.ts";
import { changedEntries, getEntries, listEntries } from "./queries/entries.ts";
import { explainMission } from "./queries/explain.ts";
import { showMessages } from "./queries/messages.ts";
import { showMission, showMissionEnding } from "./queries/mission.ts";
import { countClaimable, showBoardTask, showBoardTasks } from "./queries/tasks.ts";
import { showVotes } from "./queries/votes.ts";
import { decideQuestion } from "./question/commands.ts";
import { questionAsked, questionDecided } from "./question/events.ts";
import { recoverMission } from "./recovery.ts";
import { missionSnapshots } from "./snapshots.ts";
import { type Mission, newMission } from "./state.ts";
import { addTasks, bringInOutcomes, resumeTasks, withdrawTasks } from "./task/commands.ts";
import * as tasks from "./task/events.ts";
import { troubleEnded, troubleFound } from "./trouble/events.ts";
import { castVote, closeVote, openVote } from "./vote/commands.ts";
import { ballotCast, voteClosed, voteOpened } from "./vote/events.ts";

const commands: readonly Command<Mission>[] = [
  beginMission,
  pauseMission,
  resumeMission,
  cancelMission,
  terminateMission,
  withdrawMission,
  removeMission,
  checkMission,
  joinBoard,
  leaveMission,
  hearParticipants,
  addTasks,
  withdrawTasks,
  bringInOutcomes,
  resumeTasks,
  claimTasks,
  renewClaims,
  releaseTasks,
  completeTasks,
  completeJudgedTasks,
  handOffTask,
  delegateTask,
  completeTask,
  failTask,
  returnTask,
  noteAttempt,
  noteProgress,
  noteModelCalls,
  confirmChild,
  refuseChild,
  endChild,
  putEntries,
  sendMessages,
  signalMission,
  openVote,
  castVote,
  closeVote,
  reserveBudget,
  spendBudget,
  returnBudget,
  decideQuestion,
];

const events: readonly MachineEvent<Mission, MissionEffect>[] = [
  life.missionStarted,
  life.missionBegun,
  life.missionPaused,
  life.missionResumed,
  life.missionPutOff,
  life.missionCheckPutOff,
  life.missionStopped,
  life.missionCompleted,
  life.missionFailed,
  life.missionCancelled,
  life.missionTerminated,
  life.missionWithdrawn,
  life.missionRemoved,
  tasks.tasksAdded,
  tasks.tasksWithdrawn,
  tasks.taskQueued,
  tasks.taskHeld,
  tasks.taskCompleted,
  tasks.taskFailed,
  tasks.taskSkipped,
  tasks.taskCancelled,
  tasks.taskPaused,
  tasks.taskResumed,
  attempts.attemptBegun,
  attempts.modelCallsNoted,
  attempts.taskClaimed,
  attempts.claimsRenewed,
  attempts.attemptReturned,
  attempts.taskHandedOn,
  attempts.attemptFailed,
  attempts.attemptProgressed,
  attempts.outputQuestioned,
  childQueued,
  childStarted,
  entriesWritten,
  messagesSent,
  participants.participantJoined,
  participants.participantLeft,
  participants.participantsHeard,
  participants.leaderElected,
  voteOpened,
  ballotCast,
  voteClosed,
  budget.budgetReserved,
  budget.budgetSpent,
  budget.budgetReturned,
  budget.budgetUsedUp,
  budget.budgetRaised,
  questionAsked,
  questionDecided,
  troubleFound,
  troubleEnded,
];

export const mission: Machine<Mission, MissionEffect> = {
  kind: "mission",
  behaviour: newestBehaviour,
  create: newMission,
  commands,
  events,
  queries: [
    showMission,
    showMissionEnding,
    showBoardTasks,
    showBoardTask,
    countClaimable,
    getEntries,
    listEntries,
    changedEntries,
    showMessages,
    showVotes,
    showBudget,
    showMissionApprovals,
    explainMission,
  ],
  expire,
  snapshots: missionSnapshots,
  recover: recoverMission,
  describe: describeMission,
  project: projectMission,
};
