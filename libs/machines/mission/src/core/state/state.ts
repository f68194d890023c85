/**
 * What a mission is, folded from its events. Only folds change it.
 *
 * 1. Tasks are numbered in the order in which they were put on the board, from 0.
 * 2. `open` of a task counts the needs that are not met. Below 0 where one cannot be met any more: it is skipped.
 * 3. A ready task is in exactly one place: in the agenda, to be started, among the held, or among those that
 *    can be claimed. A task that is offered alone, running or done is in none.
 * 4. What is marked as following from the rest is not kept in snapshots.
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
  /** Without the tasks to start with: they are on the board. */
  order: MissionOrder | undefined;
  createCause: Cause | undefined;
  phase: MissionPhase;
  /** What it ends as or ended as. Unspecified until that is known. */
  ending: WorkStatus;
  createMs: number;
  beginMs: number;
  endMs: number;
  removeMs: number;
  pauseMs: number;
  pauseReason: string;
  putOffMs: number;
  /** When conditions are looked at again. 0 for no moment. */
  checkMs: number;
  output: Data | undefined;
  isOutputOfTasks: boolean;
  error: ErrorDetail | undefined;

  readonly tasks: Task[];
  /** Tasks that can start and have not, in order. */
  readonly agenda: Agenda;
  /** When a task was completed or an entry changed last. */
  progressMs: number;

  /** In the order of their latest changes. */
  readonly entries: Map<string, Entry>;
  entryNumber: number;

  readonly messages: Message[];
  messageNumber: number;

  readonly participants: Map<string, Participant>;
  leader: string;
  /** When the leader's lease runs out. 0 without a leader. */
  leaderMs: number;

  /** In the order in which they were opened. */
  readonly votes: Map<string, OpenVote>;

  readonly spent: Amounts;
  /** Reported usage beyond the amounts on which it could be booked. */
  readonly overrun: Amounts;
  readonly raised: Amounts;
  readonly reservations: Map<number, Reservation>;
  reservationNumber: number;
  /** Nothing new starts until the budget is raised. */
  isUsedUp: boolean;

  /** By number. */
  readonly questions: Map<number, MissionQuestion>;
  trouble: string;
  /** Nothing new starts until a person has decided about the trouble. */
  troubleHolds: boolean;
  /** How often the same was seen, by a hash of it. What was seen first goes first. */
  readonly seen: Map<string, number>;
  /** Conditions that a person said no to, and that have held since. */
  readonly denied: Set<string>;

  /** All below follows from the rest. */
  readonly byId: Map<string, number>;
  /** Numbers of the tasks of each gang. */
  readonly gangs: Map<string, number[]>;
  /** How many tasks stand how, by status. */
  readonly counts: number[];
  /** Tasks that have not ended. */
  left: number;
  /** Children whose ends are awaited. */
  children: number;
  readonly claimable: ClaimIndex;
  /** Tasks that are held, by what for. Those for a role by its name. */
  readonly heldForBudget: Heap<Task>;
  readonly heldForPlace: Heap<Task>;
  readonly heldForRole: Map<string, Set<number>>;
  /** What is set aside for attempts, children and by itself. */
  readonly reserved: Amounts;
  /** Offers that an agent may start who does not take part yet. */
  openPlaces: number;
  readonly roleCounts: Map<string, number>;
  /** Removed and changed keys by number of the change, from `changesFrom` on. */
  readonly changes: string[];
  changesFrom: number;
  keptBytes: number;
  boardBytes: number;
  messageBytes: number;
  openVotes: number;
  openQuestions: number;
  questionNumber: number;
  /** Counts what conditions look at: only compared within a step. */
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
  /** Of what an agent does. Undefined for children. */
  readonly profile: BoardProfile | undefined;
  status: TaskStatus;
  /** Of the latest attempt, as tokens and claims have it. Never starts again. */
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
  /** Which worker each of them lost, and why. */
  losses: readonly string[];
  sentBack: number;
  isWithdrawn: boolean;
  opensPlace: boolean;
  reason: string;
  /** The question that its output waits for. 0 for none. */
  question: number;
  hold: TaskHold;
  details: OfferDetails | undefined;
  /** Tasks that it starts with, as it was when its attempt was offered. */
  gang: Gang | undefined;
  open: number;
  /** Tasks that need it, and how: follows from their specifications. */
  followers: Follower[] | undefined;
  /** Its parts: follows from their parents. */
  parts: number[] | undefined;
  /** Numbers of what is set aside for it beside its attempts: follows from the reservations. */
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
  /** Tasks that it has: follows from the tasks. */
  readonly nodes: Set<number>;
}

export interface OpenVote {
  vote: Vote;
  /** When it closes by itself. 0 for never. */
  dueMs: number;
  isAsking: boolean;
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

/** What deciders see. */
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
    seen: new Map(),
    denied: new Set(),
    byId: new Map(),
    gangs: new Map(),
    counts: new Array<number>(statusCount).fill(0),
    left: 0,
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
    keptBytes: 0,
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

/** How a mission stands. */
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

/** Returns whether tasks can start, as far as the mission goes. */
export function isGoing({ phase }: Pick<MissionView, "phase">): boolean {
  return phase === MissionPhase.MISSION_PHASE_GOING;
}

/** Returns whether nothing new starts, even if tasks are ready. */
export function isHolding({ pauseMs, isUsedUp, troubleHolds }: MissionView): boolean {
  return pauseMs > 0 || isUsedUp || troubleHolds;
}

/** Returns the specification of a mission that is there. */
export function specOf({ order }: MissionView): ReadOnly<MissionSpec> {
  return order?.spec ?? nothingSaid;
}

const nothingSaid: ReadOnly<MissionSpec> = {
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

/** Returns whether a child does it. */
export function isChild({ spec }: TaskView): boolean {
  return spec.work?.$case === "workflow" || spec.work?.$case === "mission";
}

/** Returns whether an agent is running it, or may be. */
export function isAtWork({ status, beginMs }: TaskView): boolean {
  return status === TaskStatus.TASK_STATUS_RUNNING && beginMs > 0;
}
