/**
 * What a session is, folded from its events. Only folds change it.
 *
 * 1. Tasks and parts are numbered in the order in which they became known, from 0.
 * 2. A task belongs to at most one part. `isPlaced` says whether the work of that part has it, or is asked to take it.
 * 3. The work of a part knows a task of another part as one that was taken out of it: `elsewhere`. The outcome is
 *    brought in when the task has ended, once: `broughtIn`.
 * 4. What is to be done with the work of a part is done in order, one thing at a time: `operations`.
 * 5. What is marked as following from the rest is not kept in snapshots.
 */
import {
  type Choice,
  type KeptGoal,
  type Mode,
  type NewPlan,
  type PartOperation,
  type SessionOrder,
  SessionPhase,
  type SessionSpec,
  type SignalWork,
} from "@tutti/contracts/session/v1";
import {
  type Amounts,
  type Cause,
  type ErrorDetail,
  type TaskList,
  type TaskSpec,
  type TaskStatus,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import {
  type Command,
  type InstanceKey,
  isEnded,
  type MachineEvent,
  type MachineStep,
  type Outstanding,
  type ReadOnly,
} from "@tutti/kernel";
import type { Data } from "@tutti/machine-work";
import type { SessionEffect } from "./effects.ts";

export interface Session {
  readonly key: InstanceKey;
  /** Without its tasks. */
  order: SessionOrder | undefined;
  createCause: Cause | undefined;
  phase: SessionPhase;
  /** What it ends as or ended as. Unspecified until that is known. */
  ending: WorkStatus;
  createMs: number;
  beginMs: number;
  endMs: number;
  removeMs: number;
  pauseMs: number;
  pauseReason: string;
  /** Signals without a part yet: the next parts receive them. */
  readonly signals: SignalWork[];
  /** Since it has started, in their order: those that are over. */
  readonly pauses: Span[];
  output: Data | undefined;
  isOutputOfTasks: boolean;
  error: ErrorDetail | undefined;
  /** Unspecified until one is chosen. */
  mode: Mode;
  readonly tasks: Task[];
  readonly parts: Part[];
  readonly choices: Choice[];
  readonly moves: Move[];
  /** How those ended that have to come before it. Unspecified where one has not. */
  readonly dependencies: WorkStatus[];
  lockMs: number;
  plan: NewPlan | undefined;
  plans: number;
  planMs: number;
  retries: number;
  /** What became of its goal. Undefined where it has none, or that was not asked for yet. */
  goal: KeptGoal | undefined;
  /** Who was there, each a `NoteAgents` in bytes: there are many agents, and few who ask. */
  readonly agentsSeen: Uint8Array[];

  /** All below follows from the rest. */
  readonly byId: Map<string, number>;
  /** Numbers of the tasks of each gang: these are in one part, and are put in together. */
  readonly gangs: Map<string, number[]>;
  readonly counts: number[];
  /** Tasks that have not ended. */
  left: number;
  /** Parts that have not ended. */
  openParts: number;
  keptBytes: number;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Task {
  readonly number: number;
  readonly spec: TaskSpec;
  /** -1 for none. */
  part: number;
  isPlaced: boolean;
  status: TaskStatus;
  reason: string;
  agent: string;
  attempts: number;
  /** When it came, or was to be done again. 0: it was there from the beginning. */
  sinceMs: number;
  readyMs: number;
  startMs: number;
  endMs: number;
  output: Data | undefined;
  error: ErrorDetail | undefined;
  used: Amounts | undefined;
  plannedAgent: string;
  plannedStartMs: number;
  plannedEndMs: number;
  /** How many of its needs have not ended: follows from these. */
  open: number;
  /** Tasks that need it, and how: follows from their specifications. */
  readonly followers: Follower[];
}

interface Follower {
  readonly task: number;
  readonly condition: number;
}

export interface Part {
  readonly number: number;
  readonly mode: Mode;
  /** Pending until its work is there. */
  status: WorkStatus;
  readonly reason: string;
  readonly createMs: number;
  confirmMs: number;
  endMs: number;
  error: ErrorDetail | undefined;
  /**
   * Its limit out of the budget of the session, and its usage. Undefined if there is none, or it is unknown.
   */
  readonly budget: Amounts | undefined;
  used: Amounts | undefined;
  readonly operations: PartOperation[];
  operationsDone: number;
  readonly elsewhere: Set<number>;
  readonly broughtIn: Set<number>;
  isOver: boolean;
  /** To people, in its work. */
  openQuestions: number;
  /** How often the orchestrator of a user has decided about it, and why it did so the last time. */
  decisions: number;
  decision: string;
  /** Its tasks, in order: follows from these. */
  readonly tasks: Set<number>;
}

export interface Move {
  readonly task: number;
  readonly fromPart: number;
  readonly toPart: number;
  readonly moveMs: number;
  readonly reason: string;
}

/** What deciders see. */
export type SessionView = ReadOnly<Session>;
export type TaskView = ReadOnly<Task>;
export type PartView = ReadOnly<Part>;
export type SessionStep = MachineStep<Session, SessionEffect>;
export type SessionEvent<Body> = MachineEvent<Session, SessionEffect, Body>;
export type SessionCommand<Body, Reply> = Command<Session, Body, Reply, SessionEffect>;
export type SessionOutstanding = Outstanding<SessionEffect>;

const statusCount = 14;

export function newSession(key: InstanceKey): Session {
  return {
    key,
    order: undefined,
    createCause: undefined,
    phase: SessionPhase.SESSION_PHASE_UNSPECIFIED,
    ending: WorkStatus.WORK_STATUS_UNSPECIFIED,
    createMs: 0,
    beginMs: 0,
    endMs: 0,
    removeMs: 0,
    pauseMs: 0,
    pauseReason: "",
    pauses: [],
    signals: [],
    output: undefined,
    isOutputOfTasks: false,
    error: undefined,
    mode: 0,
    tasks: [],
    parts: [],
    choices: [],
    moves: [],
    dependencies: [],
    lockMs: 0,
    plan: undefined,
    plans: 0,
    planMs: 0,
    retries: 0,
    goal: undefined,
    agentsSeen: [],
    byId: new Map(),
    gangs: new Map(),
    counts: new Array<number>(statusCount).fill(0),
    left: 0,
    openParts: 0,
    keptBytes: 0,
  };
}

/** How a session stands. */
export function statusOf({
  phase,
  ending,
  pauseMs,
}: Pick<SessionView, "phase" | "ending" | "pauseMs">): WorkStatus {
  switch (phase) {
    case SessionPhase.SESSION_PHASE_WAITING:
    case SessionPhase.SESSION_PHASE_PLANNING:
    case SessionPhase.SESSION_PHASE_CHOOSING:
      return pauseMs > 0 ? WorkStatus.WORK_STATUS_PAUSED : WorkStatus.WORK_STATUS_PENDING;
    case SessionPhase.SESSION_PHASE_GOING:
      return pauseMs > 0 ? WorkStatus.WORK_STATUS_PAUSED : WorkStatus.WORK_STATUS_RUNNING;
    case SessionPhase.SESSION_PHASE_STOPPING:
      return ending === WorkStatus.WORK_STATUS_CANCELLED
        ? WorkStatus.WORK_STATUS_CANCELLING
        : WorkStatus.WORK_STATUS_RUNNING;
    case SessionPhase.SESSION_PHASE_ENDED:
      return ending;
    default:
      return WorkStatus.WORK_STATUS_UNSPECIFIED;
  }
}

export function hasEnded({ phase }: Pick<SessionView, "phase">): boolean {
  return phase === SessionPhase.SESSION_PHASE_ENDED;
}

export function isGoing({ phase }: Pick<SessionView, "phase">): boolean {
  return phase === SessionPhase.SESSION_PHASE_GOING;
}

/** Its goal is being broken down into tasks. */
export function isBeingPlanned({ phase }: Pick<SessionView, "phase">): boolean {
  return phase === SessionPhase.SESSION_PHASE_PLANNING;
}

/** It has stopped, and waits for the ends of its parts. */
export function isAboutToEnd({ phase }: Pick<SessionView, "phase">): boolean {
  return phase === SessionPhase.SESSION_PHASE_STOPPING;
}

export function isOpen({ status }: Pick<PartView, "status">): boolean {
  return !isEnded(status);
}

/** Returns how many questions to people are open in the work of its parts. */
export function openQuestions({ parts }: Pick<SessionView, "parts">): number {
  return parts.reduce((sum, part) => sum + part.openQuestions, 0);
}

/** Returns a part that takes more tasks. */
export function takesMore(part: Pick<PartView, "status" | "isOver" | "operations">): boolean {
  return (
    isOpen(part) && !part.isOver && !part.operations.some(({ operation }) => operation?.$case === "close")
  );
}

/** Returns the specification of a session that is there. */
export function specOf({ order }: SessionView): ReadOnly<SessionSpec> {
  return order?.spec ?? nothingSaid;
}

/** What its tasks have in common. Without the tasks. */
export function listOf(session: SessionView): ReadOnly<TaskList> {
  const { work } = specOf(session);
  if (work?.$case === "tasks") return work.value;
  if (work?.$case !== "goal") return noList;
  return { tasks: [], output: session.goal?.output ?? "", input: work.value.input };
}

const noList: ReadOnly<TaskList> = { tasks: [], output: "", input: undefined };

const nothingSaid: ReadOnly<SessionSpec> = {
  title: "",
  work: undefined,
  mode: 0,
  orchestrator: "",
  optimization: undefined,
  monitoring: undefined,
  budget: undefined,
  pool: "",
  priority: 0,
  dueTime: undefined,
  timeoutMs: 0,
  weight: 0,
  limits: {},
  reservationIds: [],
  dependsOn: [],
  locks: [],
  labels: {},
  retentionMs: 0,
};
