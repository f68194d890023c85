/**
 * The state of a session, folded from its events. Only folds change it.
 *
 * 1. Tasks and parts are numbered in the order of their creation, from 0.
 * 2. A task belongs to at most one part. `isPlaced` is true if the work of that part has it, or is requested to take
 *    it.
 * 3. For the work of a part, a task of another part is one that was withdrawn: `elsewhere`. The outcome is brought in
 *    when the task has ended, once: `broughtIn`.
 * 4. Operations on the work of a part are executed in order, one at a time: `operations`.
 * 5. Fields that follow from other fields are not in snapshots.
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
  /** Status that it ends or ended with. Unspecified until that is known. */
  ending: WorkStatus;
  createMs: number;
  beginMs: number;
  endMs: number;
  removeMs: number;
  pauseMs: number;
  pauseReason: string;
  /** Signals that arrived before any part: the next parts receive them. */
  readonly signals: SignalWork[];
  /** Ended pauses since its start, in order. */
  readonly pauses: Period[];
  output: Data | undefined;
  isOutputOfTasks: boolean;
  error: ErrorDetail | undefined;
  /** Unspecified until one is chosen. */
  mode: Mode;
  readonly tasks: Task[];
  readonly parts: Part[];
  readonly choices: Choice[];
  readonly moves: Move[];
  /** Endings of its dependencies. Unspecified for one that has not ended. */
  readonly dependencies: WorkStatus[];
  lockMs: number;
  plan: NewPlan | undefined;
  plans: number;
  planMs: number;
  retries: number;
  /** State of its goal. Undefined without a goal, or before the breakdown. */
  goal: KeptGoal | undefined;
  /** Observed agents, each note an encoded `NoteAgents`: there are many agents, and few queries. */
  readonly agentsSeen: Uint8Array[];

  /** All fields below follow from those above. */
  readonly byId: Map<string, number>;
  /** Numbers of the tasks of each gang: these are in one part, and are added together. */
  readonly gangs: Map<string, number[]>;
  readonly counts: number[];
  /** Tasks that have not ended. */
  remaining: number;
  /** Parts that have not ended. */
  openParts: number;
  storedBytes: number;
}

export interface Period {
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
  /** Time of its addition or of its repetition. 0: from the start. */
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
  /** Number of its needs that have not ended. Follows from these. */
  open: number;
  /** Tasks that need it, with the condition: follows from their specifications. */
  readonly followers: Follower[];
}

interface Follower {
  readonly task: number;
  readonly condition: number;
}

export interface Part {
  readonly number: number;
  readonly mode: Mode;
  /** Pending until its work has started. */
  status: WorkStatus;
  readonly reason: string;
  readonly createMs: number;
  confirmMs: number;
  endMs: number;
  error: ErrorDetail | undefined;
  /**
   * Its limit from the budget of the session, and its usage. Undefined without a budget, or if the usage is
   * unknown.
   */
  readonly budget: Amounts | undefined;
  used: Amounts | undefined;
  readonly operations: PartOperation[];
  operationsDone: number;
  readonly elsewhere: Set<number>;
  readonly broughtIn: Set<number>;
  isOver: boolean;
  /** Open questions to people in its work. */
  openQuestions: number;
  /** Number of decisions of the user's orchestrator, and the reason of the last one. */
  decisions: number;
  decision: string;
  /** Its tasks, in order: follows from the tasks. */
  readonly tasks: Set<number>;
}

export interface Move {
  readonly task: number;
  readonly fromPart: number;
  readonly toPart: number;
  readonly moveMs: number;
  readonly reason: string;
}

/** Read-only views for deciders. */
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
    remaining: 0,
    openParts: 0,
    storedBytes: 0,
  };
}

/** Returns the status of a session. */
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

/** Returns whether its goal is being broken down into tasks. */
export function isBeingPlanned({ phase }: Pick<SessionView, "phase">): boolean {
  return phase === SessionPhase.SESSION_PHASE_PLANNING;
}

/** Returns whether it has stopped, and waits for the ends of its parts. */
export function isAboutToEnd({ phase }: Pick<SessionView, "phase">): boolean {
  return phase === SessionPhase.SESSION_PHASE_STOPPING;
}

export function isOpen({ status }: Pick<PartView, "status">): boolean {
  return !isEnded(status);
}

/** Returns the number of open questions to people in the work of its parts. */
export function openQuestions({ parts }: Pick<SessionView, "parts">): number {
  return parts.reduce((sum, part) => sum + part.openQuestions, 0);
}

/** Returns whether a part accepts more tasks. */
export function acceptsTasks(part: Pick<PartView, "status" | "isOver" | "operations">): boolean {
  return (
    isOpen(part) && !part.isOver && !part.operations.some(({ operation }) => operation?.$case === "close")
  );
}

/** Returns the specification of a session that exists. */
export function specOf({ order }: SessionView): ReadOnly<SessionSpec> {
  return order?.spec ?? emptySpec;
}

/** Returns the shared data of its tasks, without the tasks. */
export function listOf(session: SessionView): ReadOnly<TaskList> {
  const { work } = specOf(session);
  if (work?.$case === "tasks") return work.value;
  if (work?.$case !== "goal") return noList;
  return { tasks: [], output: session.goal?.output ?? "", input: work.value.input };
}

const noList: ReadOnly<TaskList> = { tasks: [], output: "", input: undefined };

const emptySpec: ReadOnly<SessionSpec> = {
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
