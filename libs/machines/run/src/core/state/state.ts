/**
 * The state of a run, folded from its events. Only folds change it.
 *
 * 1. Each unit of work is a node: a task of the plan, an entry of a list, a task of a round, of a list of
 *    actions, of an addition. Nodes are numbered in the order of their creation, those of the plan's first
 *    scope from 0.
 * 2. A node becomes an object only after something has happened to it. Before that, its range contains all
 *    that is known.
 * 3. `open` of a range counts the unmet needs of each of its tasks. -1 means that a need can no longer be
 *    met: the task is skipped.
 * 4. `left` of a range counts its nodes that have not ended. `agenda` has the nodes that can start and have
 *    not, and the owners whose parts need attention: their next entry can start, or their last part has
 *    ended.
 * 5. Times of nodes are relative to `createMs`, so that they are small numbers. -1 means none.
 */

import {
  type Amounts,
  type ErrorDetail,
  type TaskStatus,
  WorkStatus as Work,
  type WorkStatus,
} from "@tutti/contracts/types/v1";
import {
  type AttemptFailure,
  type CacheMiss,
  type OfferDetails,
  type RunLimit,
  type RunOrder,
  RunPhase,
  type RunQuestion,
  type RunSignal,
  type RunTransition,
} from "@tutti/contracts/workflow/v1";
import type { Command, InstanceKey, MachineEvent, MachineStep, Outstanding, ReadOnly } from "@tutti/kernel";
import type { Data } from "@tutti/machine-work";
import type { KnownPlans, RunPlan } from "../plan/run-plan.ts";
import type { Gang, RunEffect, RunFacts } from "./effects.ts";
import type { KindState } from "./kind-state.ts";

export interface Run {
  /** Returns the plans of definitions. Belongs to the machine, not to the run. */
  readonly plans: KnownPlans;
  readonly key: InstanceKey;
  order: RunOrder | undefined;
  /** The run's own plan. */
  plan: RunPlan | undefined;
  phase: RunPhase;
  /** Status that it ends or ended with. Unspecified until that is known. */
  ending: WorkStatus;
  createMs: number;
  beginMs: number;
  /** Time of the first start of a run that was retried or reset. Else 0. */
  firstBeginMs: number;
  endMs: number;
  /** Time of its removal. 0 while it is kept. */
  removeMs: number;
  /** Time of its pause. 0 if it is not paused. */
  pauseMs: number;
  pauseReason: string;
  facts: RunFacts;
  /** In the order of their first nodes. */
  ranges: Range[];
  /** Indexed by number. Undefined for nodes that nothing has happened to. */
  nodes: (Node | undefined)[];
  /** Number of the next node. */
  nodeCount: number;
  /** Numbers of nodes, from `agendaAt` on. */
  readonly agenda: number[];
  agendaAt: number;
  /** Number of nodes by status. */
  readonly counts: number[];
  /** Nodes of the run's own ranges that have not ended. */
  remaining: number;
  /** First of these nodes with an unexpected failure; -1 for none. */
  failed: number;
  /** Bytes of kept inputs and outputs. Follows from the nodes. */
  storedBytes: number;
  /** Nodes with an effect to be undone, in the order of their completion. */
  readonly undo: number[];
  /** Node whose effect is being undone; -1 for none. */
  undoing: number;
  /**
   * Nodes in `undo` whose ids now belong to other nodes, by id. Undefined until needed. Follows from the
   * nodes.
   */
  replacedNodes: Map<string, number> | undefined;
  /** Number of detached children that are being started. Follows from the nodes. */
  alone: number;
  output: Data | undefined;
  error: ErrorDetail | undefined;
  /** Time until which nothing is done, because a step reached its limit. 0 for now. */
  putOffMs: number;
  used: Amounts | undefined;
  /**
   * Amounts of its budget that its attempts and children have reserved. Undefined for none. Follows from the
   * nodes.
   */
  reserved: Amounts | undefined;
  /** Amounts lent to the offered turns of functions, and the number of turns. Undefined for none. Follows from the nodes. */
  lent: { readonly amounts: Amounts; lenders: number } | undefined;
  /**
   * Number of functions that will need a part of the budget. Undefined until a turn asks. Follows from the
   * nodes.
   */
  waitingFunctions: number | undefined;
  /** Fields that most runs do not need. */
  more: RunMore | undefined;
}

export interface RunMore {
  readonly limits: RunLimit[];
  readonly additions: Addition[];
  /** Tasks of additions that follow an earlier node. */
  followers: Map<number, Follower[]> | undefined;
  readonly signals: RunSignal[];
  /** Nodes that may wait for a signal. By its name if there are many. Follows from the nodes. */
  waiters: readonly SignalWaiter[] | Map<string, Set<number>>;
  lastSignal: number;
  /** Latest events that tasks received, by digest, with their times. */
  events: Map<string, number> | undefined;
  /** Only events with a later time are accepted: earlier ones may have been forgotten. */
  eventsFromMs: number;
  lastUpdate: number;
  /** Changed variables, as JSON. */
  vars: Map<string, Uint8Array> | undefined;
  /** Undefined for a run of tasks. */
  states: StatesProgress | undefined;
  nextId: string;
  /** Whether a question to people is open, or was at the last check. */
  hasOpenQuestions: boolean;
  /** Whether a question to people has had a decision. */
  hasDecisions: boolean;
  /** Number of the renewal of the run's own limits. */
  leaseAttempt: number;
  /** Number of renewals and waits for events so far, of the run and its tasks. It never restarts. */
  leaseCount: number;
  /** Whether the delayed start is due, and limits are requested. */
  isDue: boolean;
  /** Attempts of new nodes start after this number: nodes that a reset removed had as many. */
  attemptsBefore: number;
  /** Number of resets to an event. */
  resets: number;
}

export interface SignalWaiter {
  readonly signal: string;
  readonly node: number;
}

/** Progress of a run of states. */
export interface StatesProgress {
  /** Place of the current state; -1 for none. */
  state: number;
  stateMs: number;
  event: Uint8Array | undefined;
  transition: RunTransition | undefined;
  /** Place of the range of the activity of the state. -1 for none. */
  activity: number;
  /** Whether the end of the activity has led to a transition. */
  isActivityTaken: boolean;
  /** Number of expired times of the state, and how many of these led to a transition or were skipped. */
  timesPassed: number;
  timesTaken: number;
  /** Number of transitions that followed from one event without a wait, and the time of the last one. */
  transitionsAtOnce: number;
  transitionMs: number;
}

interface Addition {
  readonly plan: RunPlan;
  /** The plan as received. */
  readonly bytes: Uint8Array;
  /** Nodes of the plan's `outside`, in its order. */
  readonly outside: readonly number[];
}

export interface Follower {
  readonly range: Range;
  /** Task of the addition's plan. */
  readonly task: number;
  readonly condition: number;
}

/** Nodes in a row: the tasks of a scope, or the entries of a list. */
export interface Range {
  readonly first: number;
  readonly count: number;
  /** Owner of the nodes; -1 for the run. */
  readonly owner: number;
  readonly plan: RunPlan;
  /** Place of the plan: 0 the run's own, then additions. */
  readonly planPlace: number;
  /** Place of the scope in the plan; -1 for entries. */
  readonly scope: number;
  /** Number of the first task in the plan. For entries, the number of their task. */
  readonly firstTask: number;
  readonly isEntries: boolean;
  readonly round: number;
  remaining: number;
  /** Unmet needs of a scope, by task from its first on. */
  readonly open: number[];
  /** Value of `event` in expressions. */
  readonly event: Uint8Array | undefined;
  /** First of its nodes with an unexpected failure; -1 for none. */
  failed: number;
  /** Whether its nodes are detached. */
  isDropped: boolean;
  /** Its list, or the output of the previous round, as JSON, if it is not read from its owner. */
  ownValue: Uint8Array | undefined;
}

/** Times are relative to the run's `createMs`; -1 for none. */
export interface Node {
  readonly number: number;
  readonly range: Range;
  /** Number of the task in the range's plan. */
  readonly task: number;
  status: TaskStatus;
  /** Number of the latest attempt, as in tokens. Never restarts. */
  attempt: number;
  /** Attempts of this visit that count. */
  tries: number;
  /** Number of its starts. */
  visit: number;
  readyAt: number;
  queueAt: number;
  startAt: number;
  endAt: number;
  agent: string;
  /** Facts of the run when its latest attempt was queued. */
  facts: RunFacts | undefined;
  input: Data | undefined;
  /** Whether its input is not in its event, because it follows from the plan. */
  inputFollows: boolean;
  output: Data | undefined;
  error: ErrorDetail | undefined;
  more: NodeMore | undefined;
}

/** Fields that most nodes do not need. */
export interface NodeMore {
  /** Time of its next attempt, or the end of its wait. 0 for never. */
  dueMs: number;
  details: OfferDetails | undefined;
  /** Saved data that the running attempt received. */
  saved: Uint8Array | undefined;
  /** Saved data for the next attempt. */
  savedNext: Uint8Array | undefined;
  onlyAgents: readonly string[];
  notAgents: readonly string[];
  gang: Gang | undefined;
  fraction: number;
  message: string;
  failures: AttemptFailure[];
  used: Amounts | undefined;
  /** Amounts of the run's budget that its attempt or child has reserved. */
  reserved: Amounts | undefined;
  /** Limited amounts that the offered turn of a durable function may use. Fixed at the offer. */
  turnBudget: Amounts | undefined;
  /** Amounts of the budget that are lent to it. Follows from the node. */
  lent: Amounts | undefined;
  fromCache: boolean;
  repairReason: string;
  /** Skipped by a person. Tasks that need it continue. */
  countsAsCompleted: boolean;
  /** Attempts of this visit that lost their worker. */
  lost: number;
  review: ReviewState | undefined;
  /** JSON input that a person has set, in place of `with`. It applies to every start of the task. */
  setInput: Uint8Array | undefined;
  undo: UndoState | undefined;
  kindState: KindState | undefined;
  question: RunQuestion | undefined;
  /** Number of its latest renewal of limits, or of its wait for an event. */
  leaseAttempt: number;
  isWithdrawn: boolean;
  cacheKey: string;
  /** Why the cache had no output, in its latest reply. */
  cacheMiss: CacheMiss | undefined;
}

/** State of work that checks have sent back, and of the node that sends it back. */
interface ReviewState {
  /** Number of times that it has sent work back. */
  sentBack: number;
  /** Report about the work. */
  feedback: Uint8Array | undefined;
  /** Latest reports with which it has sent work back. */
  reports: string[];
}

/** State of a node whose effect is undone, or remains from an earlier visit. */
interface UndoState {
  input: Uint8Array | undefined;
  error: ErrorDetail | undefined;
  /** Time at which its compensation was queued. 0 for never. */
  queueMs: number;
  /** Number of its attempts that were compensations. */
  attempts: number;
  /** Its effect of an earlier visit. It is undone if the node does not complete again. */
  earlierEffect: EarlierEffect | undefined;
}

interface EarlierEffect {
  readonly input: Data | undefined;
  readonly output: Data | undefined;
  /** Time of its completion. */
  readonly endAt: number;
  /** Status of the node while the effect is being undone. */
  status: TaskStatus;
}

/** Read-only views for deciders. */
export type RunView = ReadOnly<Run>;
export type NodeView = ReadOnly<Node>;
export type RangeView = ReadOnly<Range>;
export type RunStep = MachineStep<Run, RunEffect>;
export type RunEvent<Body> = MachineEvent<Run, RunEffect, Body>;
export type RunCommand<Body, Reply> = Command<Run, Body, Reply, RunEffect>;
export type RunOutstanding = Outstanding<RunEffect>;

const statusCount = 14;

export function newRun(plans: KnownPlans, key: InstanceKey): Run {
  return {
    plans,
    key,
    order: undefined,
    plan: undefined,
    phase: RunPhase.RUN_PHASE_UNSPECIFIED,
    ending: Work.WORK_STATUS_UNSPECIFIED,
    createMs: 0,
    beginMs: 0,
    firstBeginMs: 0,
    endMs: 0,
    removeMs: 0,
    pauseMs: 0,
    pauseReason: "",
    facts: { labels: {}, priority: 0, dueMs: 0 },
    ranges: [],
    nodes: [],
    nodeCount: 0,
    agenda: [],
    agendaAt: 0,
    counts: new Array<number>(statusCount).fill(0),
    remaining: 0,
    failed: -1,
    storedBytes: 0,
    undo: [],
    undoing: -1,
    replacedNodes: undefined,
    alone: 0,
    output: undefined,
    error: undefined,
    putOffMs: 0,
    used: undefined,
    reserved: undefined,
    lent: undefined,
    waitingFunctions: undefined,
    more: undefined,
  };
}

/** A map takes 180 bytes, an empty list 30. Most runs need neither. */
const noWaiters: readonly SignalWaiter[] = [];
const noAgents: readonly string[] = [];

/** For folds. */
export function moreOf(run: Run): RunMore {
  run.more ??= {
    limits: [],
    additions: [],
    followers: undefined,
    signals: [],
    waiters: noWaiters,
    lastSignal: 0,
    events: undefined,
    eventsFromMs: 0,
    lastUpdate: 0,
    vars: undefined,
    states: undefined,
    nextId: "",
    hasOpenQuestions: false,
    hasDecisions: false,
    leaseAttempt: 0,
    leaseCount: 0,
    isDue: false,
    attemptsBefore: 0,
    resets: 0,
  };
  return run.more;
}

/** For folds: sets variables. */
export function changeVars(run: Run, vars: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, value] of Object.entries(vars)) {
    const more = moreOf(run);
    more.vars ??= new Map();
    more.vars.set(name, value);
  }
}

/** For folds: tasks of an addition follow a node. */
export function addFollowers(more: RunMore, node: number, followers: readonly Follower[]): void {
  more.followers ??= new Map();
  more.followers.set(node, [...(more.followers.get(node) ?? []), ...followers]);
}

/** For folds: progress of a run of states. */
export function statesOf(run: Run): StatesProgress {
  const more = moreOf(run);
  more.states ??= {
    state: -1,
    stateMs: 0,
    event: undefined,
    transition: undefined,
    activity: -1,
    isActivityTaken: false,
    timesPassed: 0,
    timesTaken: 0,
    transitionsAtOnce: 0,
    transitionMs: 0,
  };
  return more.states;
}

/** For folds. */
export function detailOf(node: Node): NodeMore {
  node.more ??= {
    dueMs: 0,
    details: undefined,
    saved: undefined,
    savedNext: undefined,
    onlyAgents: noAgents,
    notAgents: noAgents,
    gang: undefined,
    fraction: 0,
    message: "",
    failures: [],
    used: undefined,
    reserved: undefined,
    turnBudget: undefined,
    lent: undefined,
    fromCache: false,
    repairReason: "",
    countsAsCompleted: false,
    lost: 0,
    review: undefined,
    setInput: undefined,
    undo: undefined,
    kindState: undefined,
    question: undefined,
    leaseAttempt: 0,
    isWithdrawn: false,
    cacheKey: "",
    cacheMiss: undefined,
  };
  return node.more;
}

/** Returns the status of a run. */
export function statusOf({ phase, ending, pauseMs }: RunView): WorkStatus {
  switch (phase) {
    case RunPhase.RUN_PHASE_WAITING:
      return pauseMs > 0 ? Work.WORK_STATUS_PAUSED : Work.WORK_STATUS_PENDING;
    case RunPhase.RUN_PHASE_GOING:
      return pauseMs > 0 ? Work.WORK_STATUS_PAUSED : Work.WORK_STATUS_RUNNING;
    case RunPhase.RUN_PHASE_UNDOING:
      if (pauseMs > 0) return Work.WORK_STATUS_PAUSED;
      // A failed run is still running while its effects are undone. Only a run with a request to end is being
      // cancelled.
      return ending === Work.WORK_STATUS_FAILED ? Work.WORK_STATUS_RUNNING : Work.WORK_STATUS_CANCELLING;
    case RunPhase.RUN_PHASE_ENDED:
      return ending;
    default:
      return Work.WORK_STATUS_UNSPECIFIED;
  }
}

export function hasEnded({ phase }: RunView): boolean {
  return phase === RunPhase.RUN_PHASE_ENDED;
}

/** Returns whether there is such a run, and it was not removed. */
export function isPresent({ order, removeMs }: RunView): boolean {
  return order !== undefined && removeMs === 0;
}

/** Returns whether it was withdrawn before it was accepted: it has no plan. */
export function isWithdrawn({ order, plan }: RunView): boolean {
  return order !== undefined && plan === undefined;
}

/** Returns whether effects are undone when the run fails. */
export function isUndone({ plan, ending }: RunView): boolean {
  if (ending === Work.WORK_STATUS_TERMINATED) return false;
  return ending === Work.WORK_STATUS_CANCELLED || plan?.plan.run.onFailure !== "keep";
}

/** For folds. */
export function reviewOf(node: Node): ReviewState {
  const more = detailOf(node);
  more.review ??= { sentBack: 0, feedback: undefined, reports: [] };
  return more.review;
}

/** For folds. */
export function undoOf(node: Node): UndoState {
  const more = detailOf(node);
  more.undo ??= { input: undefined, error: undefined, queueMs: 0, attempts: 0, earlierEffect: undefined };
  return more.undo;
}
