/** Creates and changes nodes. For folds. */

import { type Amounts, TaskStatus } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { isDone } from "@tutti/machine-work";
import type { RunPlan } from "../plan/run-plan.ts";
import { isWakeable } from "../state/function-journal.ts";
import { startKind, stateOfKind, stateOfParts } from "../state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../state/numbers.ts";
import { isAdded, partRanges, rangeOf, taskNumberOf } from "../state/places.ts";
import { detailOf, type Node, type Range, type Run, type RunOutstanding } from "../state/state.ts";
import { since } from "../state/times.ts";
import { updateLent } from "./lent.ts";
import { changeReady, changeWaiting, forgetWaiting } from "./waiting-functions.ts";

/** Returns the node. Creates it if it does not exist yet. */
export function nodeOf(run: Run, number: number): Node {
  const known = run.nodes[number];
  if (known !== undefined) return known;
  const range = rangeOf(run, number);
  const node: Node = {
    number,
    range,
    task: taskNumberOf(range, number),
    status: untouchedStatus(run, range, number),
    attempt: run.more?.attemptsBefore ?? 0,
    tries: 0,
    visit: 0,
    readyAt: -1,
    queueAt: -1,
    startAt: -1,
    endAt: -1,
    agent: "",
    facts: undefined,
    input: undefined,
    inputFollows: false,
    output: undefined,
    error: undefined,
    more: undefined,
  };
  // A list with holes would become a dictionary: places are filled up to this one.
  const { nodes } = run;
  while (nodes.length < number) nodes.push(undefined);
  // An array that grows has room for 17 elements. Most waiting runs have one node.
  if (nodes.length === 0) run.nodes = [node];
  else nodes[number] = node;
  return node;
}

function untouchedStatus(run: Run, range: Range, number: number): TaskStatus {
  if (!range.isEntries && range.open[number - range.first] === -1) return TaskStatus.TASK_STATUS_SKIPPED;
  return run.phase === RunPhase.RUN_PHASE_UNDOING || run.phase === RunPhase.RUN_PHASE_ENDED || range.isDropped
    ? TaskStatus.TASK_STATUS_CANCELLED
    : TaskStatus.TASK_STATUS_PENDING;
}

export function setStatus(run: Run, node: Node, status: TaskStatus): void {
  changeWaiting(run, node, status);
  const { counts } = run;
  counts[node.status] = (counts[node.status] ?? 0) - 1;
  counts[status] = (counts[status] ?? 0) + 1;
  node.status = status;
  updateLent(run, node);
}

/**
 * Starts a visit of a node that can start: it leaves the agenda, or the pending entries of its list. Does
 * nothing if the node has started.
 */
export function startVisit(run: Run, number: number, atMs: number, outstanding: RunOutstanding): Node {
  const node = nodeOf(run, number);
  if (node.status !== TaskStatus.TASK_STATUS_PENDING) return node;
  const { range } = node;
  if (range.isEntries) {
    const owner = nodeOf(run, range.owner);
    const detail = startKind(detailOf(owner), "list");
    if (number - range.first === detail.nextEntry)
      detail.nextEntry = nextPending(run, range, detail.nextEntry + 1);
    detail.entriesOpen += 1;
    forgetWaitingList(run, owner);
    updateAttention(run, owner);
  } else removeFromAgenda(run, number);
  node.visit += 1;
  node.tries = 0;
  node.readyAt = since(run, atMs);
  watchTotal(run, node, outstanding);
  setStatus(run, node, TaskStatus.TASK_STATUS_HELD);
  return node;
}

/** Returns the place of the next entry that has not started. */
function nextPending(run: Run, { first, count }: Range, from: number): number {
  let place = from;
  while (
    place < count &&
    (run.nodes[first + place]?.status ?? TaskStatus.TASK_STATUS_PENDING) !== TaskStatus.TASK_STATUS_PENDING
  )
    place += 1;
  return place;
}

/** Sets the timer for the time over all attempts. A list has one per entry. */
export function watchTotal(
  run: Run,
  { number, range, task: place, readyAt }: Node,
  outstanding: RunOutstanding,
): void {
  const task = range.plan.task(place);
  const { totalMs } = range.plan.policy(task).timeouts;
  if (totalMs > 0 && (task.forEach < 0 || range.isEntries))
    outstanding.timer(timerNumber(number, nodeTimers.total), run.createMs + readyAt + totalMs);
}

/** Adds a node that can start to the agenda. */
export function addReady(run: Run, number: number): void {
  run.agenda.push(number);
  changeReady(run, number, 1);
}

/** Drops the count of waiting functions after another number of entries can start. */
export function forgetWaitingList(run: Run, { range, task }: Node): void {
  if (run.waitingFunctions !== undefined && range.plan.task(task).kind === "function") forgetWaiting(run);
}

export function removeFromAgenda(run: Run, number: number): void {
  const { agenda } = run;
  if (agenda[run.agendaAt] === number) run.agendaAt += 1;
  else {
    const place = agenda.indexOf(number, run.agendaAt);
    if (place === -1) return;
    agenda.splice(place, 1);
  }
  changeReady(run, number, -1);
  if (run.agendaAt === agenda.length) {
    agenda.length = 0;
    run.agendaAt = 0;
  } else if (run.agendaAt > 1_024 && run.agendaAt * 2 > agenda.length) {
    agenda.splice(0, run.agendaAt);
    run.agendaAt = 0;
  }
}

/**
 * Updates whether the parts of an owner need attention, which follows from the state. The agenda changes with
 * it.
 */
export function updateAttention(run: Run, owner: Node): void {
  const state = stateOfParts(owner);
  if (state === undefined) return;
  const range = run.ranges[state.parts];
  const isNeeded =
    !isDone(owner.status) &&
    (state.kind === "function"
      ? owner.status === TaskStatus.TASK_STATUS_WAITING && isWakeable(state.journal)
      : state.parts > 0 && range !== undefined && needsAttention(run, owner, range));
  if (isNeeded === state.isAttended) return;
  state.isAttended = isNeeded;
  if (isNeeded) run.agenda.push(owner.number);
  else removeFromAgenda(run, owner.number);
}

function needsAttention(run: Run, owner: Node, range: Range): boolean {
  // The round of a loop that pauses has ended: the timer starts the next one.
  if (stateOfKind(owner, "loop") !== undefined && (owner.more?.dueMs ?? 0) > 0) return false;
  if (isAdded(range)) return partRanges(run, owner).every(({ remaining }) => remaining === 0);
  if (range.remaining === 0) return true;
  if (!range.isEntries) return false;
  const { nextEntry = 0, entriesOpen = 0 } = stateOfKind(owner, "list") ?? {};
  const { maxParallel, failFast } = policyOf(owner);
  if (failFast && range.failed >= 0) return true;
  return nextEntry < range.count && (maxParallel === 0 || entriesOpen < maxParallel);
}

export function policyOf({ range, task }: Pick<Node, "range" | "task">) {
  return range.plan.policy(range.plan.task(task));
}

/** Adds nodes in a row. Nodes without needs can start. */
export function addRange(
  run: Run,
  options: {
    readonly owner: number;
    readonly plan: RunPlan;
    readonly planPlace: number;
    /** -1 for entries. */
    readonly scope: number;
    /** Task and number of entries. */
    readonly entries?: { readonly task: number; readonly count: number };
    readonly round?: number;
    readonly event?: Uint8Array | undefined;
  },
): Range {
  const { owner, plan, planPlace, scope, entries, round = 1, event } = options;
  const planned = plan.plan.scopes[scope];
  const count = entries?.count ?? planned?.count ?? 0;
  const firstTask = entries?.task ?? planned?.first ?? 0;
  const open = entries === undefined ? openNeeds(plan, firstTask, count) : [];
  const range: Range = {
    first: run.nodeCount,
    count,
    owner,
    plan,
    planPlace,
    scope,
    firstTask,
    isEntries: entries !== undefined,
    round,
    remaining: count,
    open,
    event,
    failed: -1,
    isDropped: false,
    ownValue: undefined,
  };
  if (run.ranges.length === 0) run.ranges = [range];
  else run.ranges.push(range);
  run.nodeCount += count;
  run.counts[TaskStatus.TASK_STATUS_PENDING] = (run.counts[TaskStatus.TASK_STATUS_PENDING] ?? 0) + count;
  if (owner < 0) run.remaining += count;
  for (let place = 0; place < open.length; place++) if (open[place] === 0) addReady(run, range.first + place);
  return range;
}

function openNeeds({ plan }: RunPlan, first: number, count: number): number[] {
  const open = new Array<number>(count);
  for (let place = 0; place < count; place++) open[place] = plan.tasks[first + place]?.needs ?? 0;
  return open;
}

/** Drops all outstanding effects and timers of a node, unless its work continues without it. */
export function release(
  number: number,
  outstanding: RunOutstanding,
  { keepsWork = false }: { readonly keepsWork?: boolean } = {},
): void {
  for (const tag of Object.values(effectTags))
    if (!keepsWork || tag !== effectTags.work) outstanding.settled(effectNumber(number, tag));
  for (const timer of Object.values(nodeTimers)) outstanding.cleared(timerNumber(number, timer));
}

/** Stops renewing the limits of the child of a node. The decider releases them. */
export function clearLimits(node: Node, outstanding: RunOutstanding): void {
  const state = stateOfKind(node, "child");
  if (state === undefined || state.limits.length === 0) return;
  const { number } = node;
  state.limits = [];
  outstanding.settled(effectNumber(number, effectTags.lease));
  outstanding.cleared(timerNumber(number, nodeTimers.limit));
}

export function addUsed(run: Run, node: Node, used: ReadOnly<Amounts> | undefined): void {
  if (used === undefined) return;
  const detail = detailOf(node);
  detail.used = sum(detail.used, used);
  run.used = sum(run.used, used);
}

function sum(
  a: { tokens: number; money: number; timeMs: number } | undefined,
  b: { tokens: number; money: number; timeMs: number },
) {
  if (a === undefined) return { tokens: b.tokens, money: b.money, timeMs: b.timeMs };
  return { tokens: a.tokens + b.tokens, money: a.money + b.money, timeMs: a.timeMs + b.timeMs };
}
