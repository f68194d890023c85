/**
 * What a run is, folded from its events. Only folds change it.
 *
 * 1. Everything to be done is a node: a task of the plan, an entry of a list, a task of a round, of a list of actions,
 *    of an addition. Nodes are numbered as they come to be, those of the plan's first scope from 0.
 * 2. A node is an object only once something has happened to it. Before that its range says all that is known.
 * 3. `open` of a range counts, for each of its tasks, the needs that are not met; -1 where one cannot be met any more:
 *    the task is skipped.
 * 4. `left` of a range counts its nodes that have not ended. `agenda` has the nodes that can start and have not, and
 *    the owners whose parts want something: whose next entry can start, or whose last part has ended.
 * 5. Times of nodes are counted from `createMs`, -1 where there is none, so that they are small numbers.
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
  /** Gives the plans of definitions. The machine's, not the run's. */
  readonly plans: KnownPlans;
  readonly key: InstanceKey;
  order: RunOrder | undefined;
  /** The run's own plan. */
  plan: RunPlan | undefined;
  phase: RunPhase;
  /** What it ends as or ended as. Unspecified until that is known. */
  ending: WorkStatus;
  createMs: number;
  beginMs: number;
  /** Time of the first start of a run that was retried or reset. Else 0. */
  firstBeginMs: number;
  endMs: number;
  /** When it was removed. 0 while it is kept. */
  removeMs: number;
  /** Since when it is paused. 0 when it is not. */
  pauseMs: number;
  pauseReason: string;
  facts: RunFacts;
  /** In the order of their first nodes. */
  ranges: Range[];
  /** Places are numbers. Undefined for those that nothing has happened to. */
  nodes: (Node | undefined)[];
  /** Number of the next node. */
  nodeCount: number;
  /** Numbers of nodes, from `agendaAt` on. */
  readonly agenda: number[];
  agendaAt: number;
  /** How many nodes stand how, by status. */
  readonly counts: number[];
  /** Nodes of the run's own ranges that have not ended. */
  left: number;
  /** The first node of these that failed and was not to; -1 for none. */
  failed: number;
  /** Bytes of inputs and outputs that are kept: follows from the nodes. */
  keptBytes: number;
  /** Nodes with an effect to be undone, in the order of their completion. */
  readonly undo: number[];
  /** The one whose effect is being undone; -1 for none. */
  undoing: number;
  /**
   * Nodes in `undo` whose ids stand for others now, by their ids. Undefined until that is asked. Follows from the
   * nodes.
   */
  leftBehind: Map<string, number> | undefined;
  /** How many detached children are being started. Follows from the nodes. */
  alone: number;
  output: Data | undefined;
  error: ErrorDetail | undefined;
  /** Until when nothing is done, because a step did as much as it may. 0 for now. */
  putOffMs: number;
  used: Amounts | undefined;
  /** What its attempts and children have set aside of its budget. Undefined for nothing. Follows from the nodes. */
  reserved: Amounts | undefined;
  /** Amounts lent to the offered turns of functions, and the number of turns. Undefined for none. Follows from the nodes. */
  lent: { readonly amounts: Amounts; lenders: number } | undefined;
  /** Functions that will want a part of the budget. Undefined until a turn asks. Follows from the nodes. */
  waitingFunctions: number | undefined;
  /** What most runs have none of. */
  more: RunMore | undefined;
}

export interface RunMore {
  readonly limits: RunLimit[];
  readonly additions: Addition[];
  /** Tasks of additions that follow a node that was there before them. */
  followers: Map<number, Follower[]> | undefined;
  readonly signals: RunSignal[];
  /** Nodes that may wait for a signal. By its name once there are many. Follows from the nodes. */
  waiters: readonly SignalWaiter[] | Map<string, Set<number>>;
  lastSignal: number;
  /** The latest events that tasks took, by digest, with their times. */
  events: Map<string, number> | undefined;
  /** Only events with a later time are taken: earlier ones may have been forgotten. */
  eventsFromMs: number;
  lastUpdate: number;
  /** Variables that have other values than at first, as JSON. */
  vars: Map<string, Uint8Array> | undefined;
  /** Undefined for a run of tasks. */
  states: StatesProgress | undefined;
  nextId: string;
  /** Whether a question to people is open, or was when that was last looked at. */
  isAsking: boolean;
  /** Number of the renewal of the run's own limits. */
  leaseAttempt: number;
  /** Renewals and waits for events so far, of the run and its tasks: their numbers never start again. */
  leaseCount: number;
  /** Whether the start that was put off has come, and limits are asked for. */
  isDue: boolean;
  /** Attempts of nodes that come to be start behind this number: those that a reset took away had as many. */
  attemptsBefore: number;
  /** How often it was taken back to an event. */
  resets: number;
}

export interface SignalWaiter {
  readonly signal: string;
  readonly node: number;
}

/** Progress of a run of states. */
export interface StatesProgress {
  /** Place of the state that it is in; -1 for none. */
  state: number;
  stateMs: number;
  event: Uint8Array | undefined;
  transition: RunTransition | undefined;
  /** Place of the range of the activity of the state. -1 for none. */
  activity: number;
  /** Whether its end has led to a transition. */
  isActivityTaken: boolean;
  /** How many of the times of the state are over, and how many of these led to a transition or were passed by. */
  timesPassed: number;
  timesTaken: number;
  /** Transitions that followed from one thing that happened and waited for nothing, and when the last one was taken. */
  transitionsAtOnce: number;
  transitionMs: number;
}

interface Addition {
  readonly plan: RunPlan;
  /** The plan as it came. */
  readonly bytes: Uint8Array;
  /** Nodes that stand for the plan's `outside`, in its order. */
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
  /** Node that they are parts of; -1 for the run. */
  readonly owner: number;
  readonly plan: RunPlan;
  /** Which of the plans: 0 the run's own, then additions. */
  readonly planPlace: number;
  /** Place of the scope in the plan; -1 for entries. */
  readonly scope: number;
  /** Number of the first task in the plan. Of entries, that of their one task. */
  readonly firstTask: number;
  readonly isEntries: boolean;
  readonly round: number;
  left: number;
  /** Of a scope, by task from its first on. */
  readonly open: number[];
  /** What expressions see as `event`. */
  readonly event: Uint8Array | undefined;
  /** The first of its nodes that failed and was not to; -1 for none. */
  failed: number;
  /** Whether its nodes are detached. */
  isDropped: boolean;
  /** Its list, or what the round before gave, as JSON, where that is not asked of its owner. */
  seen: Uint8Array | undefined;
}

/** Times are counted from the run's `createMs`; -1 for none. */
export interface Node {
  readonly number: number;
  readonly range: Range;
  /** Number of the task in the range's plan. */
  readonly task: number;
  status: TaskStatus;
  /** Of the latest attempt, as tokens have it. Never starts again. */
  attempt: number;
  /** Attempts of this visit that count. */
  tries: number;
  /** How often it was started. */
  visit: number;
  readyAt: number;
  queueAt: number;
  startAt: number;
  endAt: number;
  agent: string;
  /** Those of the run when its latest attempt was queued. */
  facts: RunFacts | undefined;
  input: Data | undefined;
  /** Whether its input is not in its event, because it follows from the plan. */
  inputFollows: boolean;
  output: Data | undefined;
  error: ErrorDetail | undefined;
  more: NodeMore | undefined;
}

/** What most nodes have none of. */
export interface NodeMore {
  /** When it is tried again, or what it waits for is due. 0 for never. */
  dueMs: number;
  details: OfferDetails | undefined;
  /** What the attempt that is running was given. */
  saved: Uint8Array | undefined;
  /** What the next one will be given. */
  savedNext: Uint8Array | undefined;
  onlyAgents: readonly string[];
  notAgents: readonly string[];
  gang: Gang | undefined;
  fraction: number;
  message: string;
  failures: AttemptFailure[];
  used: Amounts | undefined;
  /** What its attempt, or its child, has set aside of the budget of the run. */
  reserved: Amounts | undefined;
  /** What the offered turn of a durable function may use up, in what is limited. It stays as it was at the offer. */
  turnLeft: Amounts | undefined;
  /** What of the budget is lent to it: follows from the node. */
  lent: Amounts | undefined;
  fromCache: boolean;
  repairReason: string;
  /** Skipped by hand, and what needs it continues. */
  countsAsCompleted: boolean;
  /** Attempts of this visit that lost their worker. */
  lost: number;
  review: ReviewState | undefined;
  /** JSON that a person has given, in place of `with`. It holds for every start of the task. */
  setInput: Uint8Array | undefined;
  undo: UndoState | undefined;
  kindState: KindState | undefined;
  question: RunQuestion | undefined;
  /** Number of its latest renewal of limits, or of its wait for an event. */
  leaseAttempt: number;
  isWithdrawn: boolean;
  cacheKey: string;
}

/** Of work that checks have sent back, and of the node that sends it back. */
interface ReviewState {
  /** How often it has sent work back. */
  sentBack: number;
  /** The report that the work got. */
  feedback: Uint8Array | undefined;
  /** Latest reports with which it has sent work back. */
  reports: string[];
}

/** Of a node whose effect is undone, or is still there of an earlier visit. */
interface UndoState {
  input: Uint8Array | undefined;
  error: ErrorDetail | undefined;
  /** When it was queued to be undone. 0 for never. */
  queueMs: number;
  /** How many of its attempts were to undo its effect. */
  attempts: number;
  /** Its effect of an earlier visit. It is undone if the node does not complete again. */
  left: EffectLeft | undefined;
}

interface EffectLeft {
  readonly input: Data | undefined;
  readonly output: Data | undefined;
  /** When it completed. */
  readonly endAt: number;
  /** How the node stands while that is being undone. */
  status: TaskStatus;
}

/** What deciders see. */
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
    left: 0,
    failed: -1,
    keptBytes: 0,
    undo: [],
    undoing: -1,
    leftBehind: undefined,
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
    isAsking: false,
    leaseAttempt: 0,
    leaseCount: 0,
    isDue: false,
    attemptsBefore: 0,
    resets: 0,
  };
  return run.more;
}

/** For folds: variables have other values. */
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
    turnLeft: undefined,
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
  };
  return node.more;
}

/** How a run stands. */
export function statusOf({ phase, ending, pauseMs }: RunView): WorkStatus {
  switch (phase) {
    case RunPhase.RUN_PHASE_WAITING:
      return pauseMs > 0 ? Work.WORK_STATUS_PAUSED : Work.WORK_STATUS_PENDING;
    case RunPhase.RUN_PHASE_GOING:
      return pauseMs > 0 ? Work.WORK_STATUS_PAUSED : Work.WORK_STATUS_RUNNING;
    case RunPhase.RUN_PHASE_UNDOING:
      if (pauseMs > 0) return Work.WORK_STATUS_PAUSED;
      // What failed is still under way while it is being undone. Only a run with a request to end is being cancelled.
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
export function isKept({ order, removeMs }: RunView): boolean {
  return order !== undefined && removeMs === 0;
}

/** Returns whether it was given up before it was accepted: it has no plan. */
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
  more.undo ??= { input: undefined, error: undefined, queueMs: 0, attempts: 0, left: undefined };
  return more.undo;
}
