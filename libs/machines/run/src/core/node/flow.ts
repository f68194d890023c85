/**
 * Consequences of the end of a node, by counters alone: nodes that can start, nodes that are skipped with it,
 * owners whose parts have ended. For folds. Reads only direct followers, however large the plan is.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { isDone } from "@tutti/machine-work";
import { recordEnded } from "../state/function-journal.ts";
import { startKind, stateOfKind, stateOfParts } from "../state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../state/numbers.ts";
import { partRanges } from "../state/places.ts";
import {
  detailOf,
  type Follower,
  type Node,
  type Range,
  type Run,
  type RunOutstanding,
} from "../state/state.ts";
import { since } from "../state/times.ts";
import { recordUnknownUse } from "./budget.ts";
import { isUndoable, recordEffect, retainRegisteredEffect } from "./compensation-ledger.ts";
import { detachChild } from "./detached-children.ts";
import {
  addReady,
  clearLimits,
  forgetWaitingList,
  nodeOf,
  policyOf,
  release,
  removeFromAgenda,
  setStatus,
  updateAttention,
} from "./nodes.ts";
import { forgetWaiting } from "./waiting-functions.ts";

const success = 0;
const failure = 1;
const always = 2;

/** How an end counts for dependent tasks. `passed`: skipped by its own condition. */
type End = "completed" | "failed" | "passed" | "skipped";

/** Records the outcome of a node. */
export function finishNode(
  run: Run,
  node: Node,
  status: TaskStatus,
  atMs: number,
  outstanding: RunOutstanding,
): void {
  const { range } = node;
  unattend(run, node);
  setStatus(run, node, status);
  node.endAt = since(run, atMs);
  const loop = stateOfKind(node, "loop");
  if (loop !== undefined) loop.isRoundOver = false;
  const policy = policyOf(node);
  if (policy.timeouts.totalMs > 0) outstanding.cleared(timerNumber(node.number, nodeTimers.total));
  if (status === TaskStatus.TASK_STATUS_COMPLETED && isUndoable(node)) recordEffect(run, node);
  else if (status === TaskStatus.TASK_STATUS_FAILED) retainRegisteredEffect(run, node);
  if (status === TaskStatus.TASK_STATUS_FAILED && !(policy.mayFail && !range.isEntries) && range.failed < 0)
    range.failed = node.number;
  if (range.owner < 0) {
    run.remaining -= 1;
    if (range.failed === node.number && run.failed < 0) run.failed = node.number;
  }
  range.remaining -= 1;
  if (range.isEntries) {
    const owner = nodeOf(run, range.owner);
    startKind(detailOf(owner), "list").entriesOpen -= 1;
    forgetWaitingList(run, owner);
    updateAttention(run, owner);
    return;
  }
  follow(run, range, node.task, outcomeOfNode(node, status));
  if (range.owner < 0) return;
  const owner = nodeOf(run, range.owner);
  const journal = stateOfKind(owner, "function")?.journal;
  if (journal !== undefined) recordEnded(journal, node.number);
  if (range.remaining === 0 || journal !== undefined) updateAttention(run, owner);
}

export function outcomeOfNode(node: Node, status: TaskStatus): End {
  if (status === TaskStatus.TASK_STATUS_COMPLETED) return "completed";
  if (status === TaskStatus.TASK_STATUS_FAILED) return "failed";
  if (node.more?.countsAsCompleted === true) return "completed";
  // The needs of a node that is skipped with a need, or by a person, no longer count.
  const { range, number } = node;
  const isOwn = status === TaskStatus.TASK_STATUS_SKIPPED && range.open[number - range.first] !== -1;
  return isOwn ? "passed" : "skipped";
}

interface Skipped {
  readonly range: Range;
  readonly task: number;
}

/** Applies all consequences of an end. Skipping needs no recursion: a chain may be as long as a plan. */
export function follow(run: Run, range: Range, task: number, end: End): void {
  const skipped: Skipped[] = [];
  notifyTargets(run, range, task, end, skipped);
  spread(run, skipped);
}

/** Notifies an added task of an end before the addition. */
export function notifyFollower(run: Run, { range, task, condition }: Follower, end: End): void {
  const skipped: Skipped[] = [];
  countNeed(run, range, task, isMet(condition, end), skipped);
  spread(run, skipped);
}

function spread(run: Run, skipped: Skipped[]): void {
  for (let at = 0; at < skipped.length; at++) {
    const next = skipped[at] as Skipped;
    notifyTargets(run, next.range, next.task, "skipped", skipped);
  }
}

function notifyTargets(run: Run, range: Range, task: number, end: End, skipped: Skipped[]): void {
  const { offsets, targets, conditions } = range.plan.plan.edges;
  const until = offsets[task + 1] as number;
  for (let at = offsets[task] as number; at < until; at++)
    countNeed(run, range, targets[at] as number, isMet(conditions[at] as number, end), skipped);
  const followers = run.more?.followers?.get(range.first + task - range.firstTask);
  if (followers !== undefined)
    for (const follower of followers)
      if (!follower.range.isDropped)
        countNeed(run, follower.range, follower.task, isMet(follower.condition, end), skipped);
}

export function isMet(condition: number, end: End): boolean {
  if (condition === always) return true;
  if (condition === failure) return end === "failed";
  return end === "completed" || (condition !== success && end === "passed");
}

function countNeed(run: Run, range: Range, task: number, met: boolean, skipped: Skipped[]): void {
  const { open } = range;
  const place = task - range.firstTask;
  const needs = open[place] as number;
  if (needs < 0) return;
  if (met) {
    open[place] = needs - 1;
    if (needs === 1) addReady(run, range.first + place);
    return;
  }
  skip(run, range, place);
  skipped.push({ range, task });
}

/** Skips a node with a need that can no longer be met. */
function skip(run: Run, range: Range, place: number): void {
  range.open[place] = -1;
  const number = range.first + place;
  const node = run.nodes[number];
  if (node === undefined) {
    const { counts } = run;
    counts[TaskStatus.TASK_STATUS_PENDING] = (counts[TaskStatus.TASK_STATUS_PENDING] ?? 0) - 1;
    counts[TaskStatus.TASK_STATUS_SKIPPED] = (counts[TaskStatus.TASK_STATUS_SKIPPED] ?? 0) + 1;
  } else setStatus(run, node, TaskStatus.TASK_STATUS_SKIPPED);
  range.remaining -= 1;
  if (range.owner < 0) run.remaining -= 1;
  else if (range.remaining === 0) updateAttention(run, nodeOf(run, range.owner));
}

/** Stops a node and all its parts: nothing is awaited any longer, and no part starts. */
export function stop(run: Run, node: Node, atMs: number, outstanding: RunOutstanding): void {
  stopParts(run, node, atMs, outstanding);
  // A node that waits for the end of a pause would stay in the agenda for ever.
  if (node.status === TaskStatus.TASK_STATUS_HELD) removeFromAgenda(run, node.number);
  clearLimits(node, outstanding);
  recordUnknownUse(run, node);
  release(node.number, outstanding, { keepsWork: stateOfKind(node, "child")?.startsAlone === true });
}

function stopParts(run: Run, node: Node, atMs: number, outstanding: RunOutstanding): void {
  const parts = stateOfParts(node)?.parts ?? 0;
  if (parts === 0) return;
  for (const range of partRanges(run, node))
    if (!range.isDropped) detachRange(run, range as Range, atMs, outstanding);
  unattend(run, node);
}

function unattend(run: Run, node: Node): void {
  const state = stateOfParts(node);
  if (state?.isAttended !== true) return;
  state.isAttended = false;
  removeFromAgenda(run, node.number);
}

/** Detaches the nodes of a range. */
export function detachRange(run: Run, range: Range, atMs: number, outstanding: RunOutstanding): void {
  const { counts } = run;
  let untouched = 0;
  for (let number = range.first; number < range.first + range.count; number++) {
    const node = run.nodes[number];
    if (node === undefined) {
      if (range.isEntries || (range.open[number - range.first] ?? 0) >= 0) untouched += 1;
      continue;
    }
    if (isDone(node.status)) continue;
    detachChild(run, node);
    stop(run, node, atMs, outstanding);
    node.endAt = since(run, atMs);
    setStatus(run, node, TaskStatus.TASK_STATUS_CANCELLED);
    retainRegisteredEffect(run, node);
  }
  counts[TaskStatus.TASK_STATUS_PENDING] = (counts[TaskStatus.TASK_STATUS_PENDING] ?? 0) - untouched;
  counts[TaskStatus.TASK_STATUS_CANCELLED] = (counts[TaskStatus.TASK_STATUS_CANCELLED] ?? 0) + untouched;
  range.isDropped = true;
  forgetWaiting(run);
  if (range.owner < 0) run.remaining -= range.remaining;
  range.remaining = 0;
  forgetAgenda(run, range);
}

function forgetAgenda(run: Run, { first, count }: Range): void {
  const remaining = run.agenda
    .slice(run.agendaAt)
    .filter((number) => number < first || number >= first + count);
  run.agenda.length = 0;
  for (const number of remaining) run.agenda.push(number);
  run.agendaAt = 0;
}

/** Drops the running or offered attempt of a node. */
export function settleWork(number: number, outstanding: RunOutstanding): void {
  outstanding.settled(effectNumber(number, effectTags.work));
}
