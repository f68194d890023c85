/**
 * The mission machine: tasks on a board, agents that execute them, and their shared data.
 *
 * **Commands.** If the contracts have a request, it is the body of the command, with empty ids: `add_tasks`
 * (`AddTasksRequest`), `withdraw_tasks`, `bring_in_outcomes`, `renew_claims`, `release_tasks`,
 * `complete_tasks`, `hand_off_task`, `delegate_task`, `leave_mission`, `put_entries`, `send_messages`,
 * `open_vote`, `cast_vote`, `close_vote`, `reserve_budget`, `spend_budget`, `return_budget`. Their replies
 * are those of the contract. Defined in `machine_mission.proto`: `begin_mission`, `pause_mission`,
 * `resume_mission`, `cancel_mission`, `terminate_mission`, `withdraw_mission`, `remove_mission`,
 * `join_board`, `hear_participants`, `claim_board_tasks`, `complete_judged_tasks`, `signal_mission`,
 * `resume_board_tasks`, `decide_mission_question`, `check_mission`. Results of effects, with their token, use
 * the messages of runs (`tutti.workflow.v1`): `complete_task`, `fail_task`, `return_task`, `note_attempt`,
 * `note_progress`, `note_model_calls` of an offer, `confirm_child`, `refuse_child` of a child's start.
 * Messages: `begin_mission`, `cancel_mission`, `terminate_mission`, `withdraw_mission`, and `end_child` of
 * children.
 *
 * **Messages it sends.** To children `withdraw_run`, `cancel_run`, `terminate_run`, `withdraw_mission`,
 * `cancel_mission`, `terminate_mission`. To its parent `end_child`.
 *
 * **Effects** are in `effects.ts`: `offer_task` in the form of runs, and `start_child`.
 *
 * The runtime handles idempotency keys: a repetition never reaches the machine. If a person is asked to raise
 * the budget, the reply of `reserve_budget` has no reservation: the handler returns RESOURCE_EXHAUSTED to the
 * caller.
 *
 * 1. A ready task is in one place, and only its taker starts it from there.
 * 2. A claim fences: a request with an older one changes nothing.
 * 3. In each limited amount, spent and reserved together never exceed the limit. An amount counts as used if
 *    it is not known to be unused.
 * 4. Every step continues as far as it can: a mission that has not ended reports the cause of its wait.
 */
import type { Command, Machine, MachineEvent } from "@tutti/kernel";
import { newestBehaviour } from "./core/state/behaviours.ts";
import type { MissionEffect } from "./core/state/effects.ts";
import { type Mission, newMission } from "./core/state/state.ts";
import * as budget from "./kinds/budget/events.ts";
import { childQueued, childStarted } from "./kinds/child/events.ts";
import * as attempts from "./kinds/claim/events.ts";
import { entriesWritten } from "./kinds/entry/events.ts";
import { messagesSent } from "./kinds/message/events.ts";
import * as life from "./kinds/mission/events.ts";
import * as participants from "./kinds/participant/events.ts";
import { questionAsked, questionDecided } from "./kinds/question/events.ts";
import * as tasks from "./kinds/task/events.ts";
import { troubleEnded, troubleFound } from "./kinds/trouble/events.ts";
import { ballotCast, voteClosed, voteOpened } from "./kinds/vote/events.ts";
import { reserveBudget, returnBudget, spendBudget } from "./life/commands/budget.ts";
import { confirmChild, endChild, refuseChild } from "./life/commands/children.ts";
import {
  claimTasks,
  completeJudgedTasks,
  completeTasks,
  handOffTask,
  releaseTasks,
  renewClaims,
} from "./life/commands/claims.ts";
import { delegateTask } from "./life/commands/delegation.ts";
import { putEntries } from "./life/commands/entries.ts";
import { sendMessages, signalMission } from "./life/commands/messages.ts";
import {
  beginMission,
  cancelMission,
  checkMission,
  pauseMission,
  removeMission,
  resumeMission,
  terminateMission,
  withdrawMission,
} from "./life/commands/mission.ts";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "./life/commands/offers.ts";
import { hearParticipants, joinBoard, leaveMission } from "./life/commands/participants.ts";
import { decideQuestion } from "./life/commands/questions.ts";
import { addTasks, bringInOutcomes, resumeTasks, withdrawTasks } from "./life/commands/tasks.ts";
import { castVote, closeVote, openVote } from "./life/commands/votes.ts";
import { describeMission, projectMission } from "./life/description.ts";
import { expire } from "./life/expire.ts";
import { showMissionApprovals } from "./life/queries/approvals.ts";
import { showBudget } from "./life/queries/budget.ts";
import { changedEntries, getEntries, listEntries } from "./life/queries/entries.ts";
import { explainMission } from "./life/queries/explain.ts";
import { showMessages } from "./life/queries/messages.ts";
import { showMission, showMissionEnding } from "./life/queries/mission.ts";
import { countClaimable, showBoardTask, showBoardTasks } from "./life/queries/tasks.ts";
import { showVotes } from "./life/queries/votes.ts";
import { recoverMission } from "./life/recovery.ts";
import { missionSnapshots } from "./life/snapshots.ts";

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
