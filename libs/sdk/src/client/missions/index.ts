export type { AmountsOptions } from "../work/task.ts";
export type { Blackboard, Entry, WriteOptions, WriteResult } from "./blackboard.ts";
export type { MissionBudget, Reservation, ReserveOptions } from "./budget.ts";
export type { Conversation, Message, Receiver, SendOptions } from "./conversation.ts";
export type { JoinOptions, MissionChange, MissionHandle } from "./mission.ts";
export type { MissionTaskContext } from "./mission-task.ts";
export { type FindMissionsOptions, Missions } from "./missions.ts";
export type {
  ClaimedTask,
  ClaimOptions,
  DelegateOptions,
  HandOffOptions,
  Participation,
  Successor,
} from "./participation.ts";
export type { MissionOptions, MissionRole, MissionStop, MissionTask } from "./spec.ts";
export type { VoteOptions, Votes } from "./votes.ts";
