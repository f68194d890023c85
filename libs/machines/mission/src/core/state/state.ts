/**
 * The state of a mission, folded from its events. Only folds change it.
 *
 * 1. Tasks are numbered in the order in which they were put on the board, from 0.
 * 2. `open` of a task counts the unmet needs. Below 0 means that a need can no longer be met: the task is
 *    skipped.
 * 3. A ready task is in exactly one place: in the agenda, to be started, among the held, or among those that
 *    can be claimed. A task that is only offered, running or done is in none.
 * 4. Fields that follow from other fields are not in snapshots.
 */

import {
  type AgentOffering,
  type Authority,
  type Handoff,
  type KeptFailure,
  type MissionOrder,
  MissionPhase,
  type MissionQuestion,
  type MissionSpec,
  type SentMessage,
  type TaskHold,
  type Vote,
} from "@tutti/contracts/swarm/v1";
import {
  type Actor,
  type Amounts,
  type Cause,
  type ErrorDetail,
  type Payload,
  type TaskSpec,
  TaskStatus,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import type { OfferDetails } from "@tutti/contracts/workflow/v1";
import {
  type Command,
  Heap,
  type InstanceKey,
  type MachineEvent,
  type MachineStep,
  type Outstanding,
  type Ranked,
  type ReadOnly,
} from "@tutti/kernel";
import type { Data } from "@tutti/machine-work";
import { Agenda } from "./agenda.ts";
import { ClaimIndex } from "./claim-index.ts";
import type { BoardProfile, Gang, MissionEffect } from "./effects.ts";

export interface Mission {
  readonly key: InstanceKey;
  /** Without the initial tasks: they are on the board. */
  order: MissionOrder | undefined;
  createCause: Cause | undefined;
  phase: MissionPhase;
  /** Status that it ends or ended with. Unspecified until that is known. */
  ending: WorkStatus;
  createMs: number;
  beginMs: number;
  endMs: number;
  removeMs: number;
  pauseMs: number;
  pauseReason: string;
  putOffMs: number;
  /** Time of the next evaluation of conditions. 0 for none. */
  checkMs: number;
  output: Data | undefined;
  isOutputOfTasks: boolean;
  error: ErrorDetail | undefined;

  readonly tasks: Task[];
  /** Tasks that can start and have not, in order. */
  readonly agenda: Agenda;
  /** Time of the last completed task or changed entry. */
  progressMs: number;

  /** In the order of their latest changes. */
  readonly entries: Map<string, Entry>;
  entryNumber: number;

  readonly messages: Message[];
  messageNumber: number;

  readonly participants: Map<string, Participant>;
  leader: string;
  /** Expiry of the leader's lease. 0 without a leader. */
  leaderMs: number;

  /** In the order in which they were opened. */
  readonly votes: Map<string, OpenVote>;

  readonly spent: Amounts;
  /** Reported usage beyond the amounts that it could be charged to. */
  readonly overrun: Amounts;
  readonly raised: Amounts;
  readonly reservations: Map<number, Reservation>;
  reservationNumber: number;
  /** True while nothing new starts, until the budget is raised. */
  isUsedUp: boolean;

  /** By number. */
  readonly questions: Map<number, MissionQuestion>;
  trouble: string;
  /** True while nothing new starts, until a person has decided about the trouble. */
  troubleHolds: boolean;
  /** Counts of repetitions, by hash. The oldest entries are dropped first. */
  readonly repetitions: Map<string, number>;
  /** Conditions that a person denied, and that have stayed true since. */
  readonly denied: Set<string>;

  /** All fields below follow from those above. */
  readonly byId: Map<string, number>;
  /** Numbers of the tasks of each gang. */
  readonly gangs: Map<string, number[]>;
  /** Number of tasks by status. */
  readonly counts: number[];
  /** Tasks that have not ended. */
  remaining: number;
  /** Children whose ends are awaited. */
  children: number;
  readonly claimable: ClaimIndex;
  /** Held tasks, by the missing condition. Those for a role by its name. */
  readonly heldForBudget: Heap<Task>;
  readonly heldForPlace: Heap<Task>;
  readonly heldForRole: Map<string, Set<number>>;
  /** Amounts reserved for attempts, children and reservations. */
  readonly reserved: Amounts;
  /** Offers that an agent may start that is not a participant yet. */
  openPlaces: number;
  readonly roleCounts: Map<string, number>;
  /** Removed and changed keys by number of the change, from `changesFrom` on. */
  readonly changes: string[];
  changesFrom: number;
  storedBytes: number;
  boardBytes: number;
  messageBytes: number;
  openVotes: number;
  openQuestions: number;
  questionNumber: number;
  /** Counts changes of the inputs of conditions: only compared within a step. */
  readonly revisions: Revisions;
}

export interface Revisions {
  tasks: number;
  board: number;
  votes: number;
  budget: number;
}

export interface Task extends Ranked {
  readonly number: number;
  readonly spec: TaskSpec;
  /** Profile of the task of an agent. Undefined for children. */
  readonly profile: BoardProfile | undefined;
  status: TaskStatus;
  /** Number of the latest attempt, as in tokens and claims. Never restarts. */
  attempt: number;
  /** Attempts that count. */
  tries: number;
  /** Attempts that never started, because a claim withdrew the offer. */
  skipped: number;
  /** -1 for none. */
  readonly parent: number;
  readonly authority: Authority | undefined;
  toAgent: string;
  toRole: string;
  /** The agent that delegated it. Empty if there is none. */
  readonly fromAgent: string;
  readonly cause: Cause | undefined;
  readonly addMs: number;
  readyMs: number;
  queueMs: number;
  startMs: number;
  beginMs: number;
  endMs: number;
  agent: string;
  isClaimed: boolean;
  leaseMs: number;
  leaseDueMs: number;
  retryMs: number;
  input: Data | undefined;
  isInputComputed: boolean;
  output: Data | undefined;
  error: ErrorDetail | undefined;
  reserved: Amounts | undefined;
  used: Amounts | undefined;
  onlyAgents: readonly string[];
  notAgents: readonly string[];
  handoffs: Handoff[];
  failures: KeptFailure[];
  childId: string;
  childHash: string;
  fraction: number;
  message: string;
  saved: Uint8Array | undefined;
  savedNext: Uint8Array | undefined;
  /** Attempts that lost their worker. */
  lost: number;
  /** The lost worker of each of them, and the reason. */
  losses: readonly string[];
  sentBack: number;
  isWithdrawn: boolean;
  opensPlace: boolean;
  reason: string;
  /** The question that its output waits for. 0 for none. */
  question: number;
  hold: TaskHold;
  details: OfferDetails | undefined;
  /** Tasks that it starts together with, at the time of the offer. */
  gang: Gang | undefined;
  open: number;
  /** Tasks that need it, with the condition: follows from their specifications. */
  followers: Follower[] | undefined;
  /** Its parts: follows from their parents. */
  parts: number[] | undefined;
  /** Numbers of reservations for it, in addition to those of its attempts: follows from the reservations. */
  reservations: Set<number> | undefined;
}

interface Follower {
  readonly node: number;
  readonly condition: number;
}

export interface Entry {
  readonly key: string;
  readonly value: Payload | undefined;
  readonly version: number;
  readonly number: number;
  readonly cause: Cause | undefined;
  readonly updateMs: number;
}

export interface Message {
  readonly number: number;
  readonly sender: Actor | undefined;
  readonly sent: SentMessage;
  readonly sendMs: number;
}

export interface Participant {
  readonly agent: string;
  pool: string;
  role: string;
  topics: readonly string[];
  offering: AgentOffering | undefined;
  readonly joinMs: number;
  heardMs: number;
  done: number;
  used: Amounts;
  /** Tasks in the gang: follows from the tasks. */
  readonly nodes: Set<number>;
}

export interface OpenVote {
  vote: Vote;
  /** Time at which it closes. 0 for never. */
  dueMs: number;
  hasOpenQuestion: boolean;
  readonly place: number;
}

export interface Reservation {
  readonly number: number;
  /** -1 for none. */
  readonly node: number;
  readonly agent: string;
  readonly amounts: Amounts;
  readonly spent: Amounts;
  readonly expireMs: number;
}

/** Read-only views for deciders. */
export type MissionView = ReadOnly<Mission>;
export type TaskView = ReadOnly<Task>;
export type MissionEventStep = MachineStep<Mission, MissionEffect>;
export type MissionEvent<Body> = MachineEvent<Mission, MissionEffect, Body>;
export type MissionCommand<Body, Reply> = Command<Mission, Body, Reply, MissionEffect>;
export type MissionOutstanding = Outstanding<MissionEffect>;

const statusCount = 14;

export function newMission(key: InstanceKey): Mission {
  return {
    key,
    order: undefined,
    createCause: undefined,
    phase: MissionPhase.MISSION_PHASE_UNSPECIFIED,
    ending: WorkStatus.WORK_STATUS_UNSPECIFIED,
    createMs: 0,
    beginMs: 0,
    endMs: 0,
    removeMs: 0,
    pauseMs: 0,
    pauseReason: "",
    putOffMs: 0,
    checkMs: 0,
    output: undefined,
    isOutputOfTasks: false,
    error: undefined,
    tasks: [],
    agenda: new Agenda(),
    progressMs: 0,
    entries: new Map(),
    entryNumber: 0,
    messages: [],
    messageNumber: 0,
    participants: new Map(),
    leader: "",
    leaderMs: 0,
    votes: new Map(),
    spent: noAmounts(),
    overrun: noAmounts(),
    raised: noAmounts(),
    reservations: new Map(),
    reservationNumber: 0,
    isUsedUp: false,
    questions: new Map(),
    trouble: "",
    troubleHolds: false,
    repetitions: new Map(),
    denied: new Set(),
    byId: new Map(),
    gangs: new Map(),
    counts: new Array<number>(statusCount).fill(0),
    remaining: 0,
    children: 0,
    claimable: new ClaimIndex(),
    heldForBudget: new Heap(),
    heldForPlace: new Heap(),
    heldForRole: new Map(),
    reserved: noAmounts(),
    openPlaces: 0,
    roleCounts: new Map(),
    changes: [],
    changesFrom: 1,
    storedBytes: 0,
    boardBytes: 0,
    messageBytes: 0,
    openVotes: 0,
    openQuestions: 0,
    questionNumber: 0,
    revisions: { tasks: 0, board: 0, votes: 0, budget: 0 },
  };
}

function noAmounts(): Amounts {
  return { tokens: 0, money: 0, timeMs: 0 };
}

/** Returns the status of a mission. */
export function statusOf({
  phase,
  ending,
  pauseMs,
}: Pick<MissionView, "phase" | "ending" | "pauseMs">): WorkStatus {
  switch (phase) {
    case MissionPhase.MISSION_PHASE_WAITING:
      return pauseMs > 0 ? WorkStatus.WORK_STATUS_PAUSED : WorkStatus.WORK_STATUS_PENDING;
    case MissionPhase.MISSION_PHASE_GOING:
      return pauseMs > 0 ? WorkStatus.WORK_STATUS_PAUSED : WorkStatus.WORK_STATUS_RUNNING;
    case MissionPhase.MISSION_PHASE_STOPPING:
      return ending === WorkStatus.WORK_STATUS_CANCELLED
        ? WorkStatus.WORK_STATUS_CANCELLING
        : WorkStatus.WORK_STATUS_RUNNING;
    case MissionPhase.MISSION_PHASE_ENDED:
      return ending;
    default:
      return WorkStatus.WORK_STATUS_UNSPECIFIED;
  }
}

export function hasEnded({ phase }: Pick<MissionView, "phase">): boolean {
  return phase === MissionPhase.MISSION_PHASE_ENDED;
}

/** Returns whether the phase of the mission allows tasks to start. */
export function isGoing({ phase }: Pick<MissionView, "phase">): boolean {
  return phase === MissionPhase.MISSION_PHASE_GOING;
}

/** Returns whether nothing new starts, even if tasks are ready. */
export function isBlocked({ pauseMs, isUsedUp, troubleHolds }: MissionView): boolean {
  return pauseMs > 0 || isUsedUp || troubleHolds;
}

/** Returns the specification of a mission that exists. */
export function specOf({ order }: MissionView): ReadOnly<MissionSpec> {
  return order?.spec ?? emptySpec;
}

const emptySpec: ReadOnly<MissionSpec> = {
  title: "",
  goal: "",
  input: undefined,
  tasks: [],
  assignment: 0,
  roles: [],
  leadership: undefined,
  budget: undefined,
  stopConditions: [],
  output: "",
  stuckAfterMs: 0,
  loopThreshold: 0,
  maxTasks: 0,
  timeoutMs: 0,
  dueTime: undefined,
  pool: "",
  priority: 0,
  labels: {},
  retentionMs: 0,
  share: undefined,
};

/** Returns whether a child executes the task. */
export function isChild({ spec }: TaskView): boolean {
  return spec.work?.$case === "workflow" || spec.work?.$case === "mission";
}

/** Returns whether an agent runs it, or may run it. */
export function hasRunningAttempt({ status, beginMs }: TaskView): boolean {
  return status === TaskStatus.TASK_STATUS_RUNNING && beginMs > 0;
}
