/**
 * Reopens the named nodes and all that depend on them. They return to their initial state, but their attempts
 * continue to be counted. For folds: the reopened nodes follow from the plan and the numbers in the event.
 *
 * 1. Open needs of reopened nodes are counted again, by the status of all others.
 * 2. If a person names the own task of a list, good outputs of its entries are kept, and only the others are
 *    repeated. A list that needs a reopened node, or that a gate sends back, restarts: its outputs were not
 *    good enough.
 * 3. All other counts of a run are computed again: this is rare, and cannot go wrong. So is the attention of
 *    owners: an owner with reopened tasks does not end.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { isDone } from "@tutti/machine-work";
import { startKind, stateOfKind, stateOfParts } from "../state/kind-state.ts";
import { rangeOf, sourceNode, statusOfNode } from "../state/places.ts";
import { detailOf, type Node, type Range, type Run, type RunOutstanding } from "../state/state.ts";
import { retainEffect, retainLists, undoneWithOwners } from "./compensation-ledger.ts";
import { storedBytesOf } from "./data.ts";
import { settleDetachedChild } from "./detached-children.ts";
import { recordLastFailure } from "./failures.ts";
import { follow, isMet, outcomeOfNode, stop } from "./flow.ts";
import { updateLent } from "./lent.ts";
import { release, updateAttention } from "./nodes.ts";
import { forgetWaiting } from "./waiting-functions.ts";

const { TASK_STATUS_PENDING: pending, TASK_STATUS_COMPLETED: completed } = TaskStatus;

/**
 * @property repaired one of them whose needs do not count, because a user repaired it; -1 for none
 * @property keepsCompleted whether lists keep their completed entries
 */
export function reopen(
  run: Run,
  numbers: readonly number[],
  atMs: number,
  outstanding: RunOutstanding,
  {
    repaired = -1,
    keepsCompleted = true,
  }: { readonly repaired?: number; readonly keepsCompleted?: boolean } = {},
): void {
  const named = new Set(numbers);
  const reopened = closureOf(run, named);
  // Tasks that one of them added are created again with it.
  for (const number of [...reopened]) if (isPartOfAny(run, number, reopened)) reopened.delete(number);
  const undone = undoneWithOwners(run);
  retainLists(run, reopened);
  run.replacedNodes = undefined;
  const lists: Node[] = [];
  for (const number of reopened) {
    const node = run.nodes[number];
    if (node === undefined) continue;
    if (
      keepsCompleted &&
      named.has(number) &&
      keepsEntries(run, node, undone) &&
      !dependsOn(run, node, reopened)
    )
      lists.push(node);
    else forget(run, node, atMs, outstanding);
  }
  for (const number of reopened) rangeOf(run, number).isDropped = false;
  for (const list of lists) reopenList(run, list, undone, atMs, outstanding);
  for (const list of lists) reopened.delete(list.number);
  countNeeds(run, reopened, repaired);
  recount(run);
  for (const list of lists) updateAttention(run, list);
}

function isPartOfAny(run: Run, number: number, nodes: ReadonlySet<number>): boolean {
  let { owner } = rangeOf(run, number);
  while (owner >= 0 && !nodes.has(owner)) ({ owner } = rangeOf(run, owner));
  return owner >= 0;
}

/** Returns the nodes and all that depend on them. */
export function closureOf(run: Run, named: ReadonlySet<number>): Set<number> {
  const found = new Set<number>();
  const open = [...named];
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    if (found.has(number)) continue;
    found.add(number);
    const range = rangeOf(run, number);
    if (range.isEntries) continue;
    const { offsets, targets } = range.plan.plan.edges;
    const task = range.firstTask + number - range.first;
    for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0); at++)
      open.push(range.first + (targets[at] ?? 0) - range.firstTask);
    // Tasks that were stopped with their owner are created again with it.
    for (const { range: added, task: next } of run.more?.followers?.get(number) ?? [])
      if (!added.isDropped || added.owner < 0)
        open.push(reopenTarget(run, added, added.first + next - added.firstTask));
  }
  return found;
}

/**
 * Returns the owner of an added part if the owner has ended: the part is repeated with it. Otherwise the
 * node.
 */
function reopenTarget(run: Run, range: Range, number: number): number {
  let target = number;
  for (let current = range; current.owner >= 0; current = rangeOf(run, current.owner))
    if (isDone(statusOfNode(run, current.owner))) target = current.owner;
  return target;
}

function forget(run: Run, node: Node, atMs: number, outstanding: RunOutstanding): void {
  retainEffect(node);
  stop(run, node, atMs, outstanding);
  release(node.number, outstanding);
  const { TASK_STATUS_FAILED: failed } = TaskStatus;
  if (node.status === failed) recordLastFailure(run, node, run.createMs + node.endAt, failed);
  node.status = pending;
  updateLent(run, node);
  Object.assign(node, { output: undefined, input: undefined, inputFollows: false, error: undefined });
  Object.assign(node, { readyAt: -1, startAt: -1, endAt: -1 });
  const { more } = node;
  if (more === undefined) return;
  settleDetachedChild(run, node, outstanding);
  Object.assign(more, {
    dueMs: 0,
    details: undefined,
    saved: undefined,
    savedNext: undefined,
    fraction: 0,
    message: "",
    lost: 0,
  });
  Object.assign(more, { fromCache: false, repairReason: "", countsAsCompleted: false });
  more.kindState = undefined;
  Object.assign(more, { question: undefined, cacheKey: "", cacheMiss: undefined, isWithdrawn: false });
  if (more.undo !== undefined) Object.assign(more.undo, { input: undefined, error: undefined, queueMs: 0 });
}

/** Returns whether good outputs of entries stay when the list's own task is repeated. */
function keepsEntries(_run: Run, node: Node, undone: ReadonlySet<number>): boolean {
  const parts = stateOfKind(node, "list")?.parts ?? 0;
  const isGood = node.status === completed && !undone.has(node.number);
  return parts > 0 && !isGood;
}

/** Returns whether a need of the node is repeated too: its list may differ then. */
function dependsOn(run: Run, { range, task }: Node, reopened: ReadonlySet<number>): boolean {
  const { offsets, sources } = range.plan.predecessors;
  for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0); at++)
    if (reopened.has(sourceNode(run, range, sources[at] ?? 0))) return true;
  return false;
}

function reopenList(
  run: Run,
  list: Node,
  undone: ReadonlySet<number>,
  atMs: number,
  outstanding: RunOutstanding,
): void {
  const detail = startKind(detailOf(list), "list");
  const range = run.ranges[detail.parts] as Range;
  range.isDropped = false;
  range.failed = -1;
  let first = range.count;
  for (let place = range.count - 1; place >= 0; place--) {
    const node = run.nodes[range.first + place];
    // A condition that skipped an entry would skip it again.
    const isGood = node?.status === completed && !undone.has(node.number);
    if (isGood || node?.status === TaskStatus.TASK_STATUS_SKIPPED) continue;
    if (node !== undefined) forget(run, node, atMs, outstanding);
    first = place;
  }
  Object.assign(list, { status: TaskStatus.TASK_STATUS_WAITING, error: undefined, endAt: -1 });
  updateLent(run, list);
  detail.nextEntry = first;
  detail.entriesOpen = 0;
  detail.isAttended = false;
}

export function countNeeds(run: Run, reopened: ReadonlySet<number>, repaired: number): void {
  const doomed: number[] = [];
  for (const number of reopened) {
    const range = rangeOf(run, number);
    if (range.isEntries) continue;
    const open = number === repaired ? 1 : openNeedsOf(run, range, number, reopened);
    range.open[number - range.first] = open;
    if (open < 0) doomed.push(number);
  }
  for (const number of doomed) {
    const range = rangeOf(run, number);
    const node = run.nodes[number];
    if (node !== undefined) {
      node.status = TaskStatus.TASK_STATUS_SKIPPED;
      updateLent(run, node);
    }
    follow(run, range, range.firstTask + number - range.first, "skipped");
  }
}

function openNeedsOf(run: Run, range: Range, number: number, reopened: ReadonlySet<number>): number {
  const { offsets, sources, conditions } = range.plan.predecessors;
  const task = range.firstTask + number - range.first;
  let open = 0;
  for (let at = offsets[task] ?? 0; at < (offsets[task + 1] ?? 0); at++) {
    const source = sourceNode(run, range, sources[at] ?? 0);
    const status = statusOfNode(run, source);
    if (reopened.has(source) || !isDone(status)) open += 1;
    else if (!isMet(conditions[at] ?? 0, endOfAny(run, source, status))) return -1;
  }
  return open;
}

function endOfAny(run: Run, number: number, status: TaskStatus) {
  const node = run.nodes[number];
  return node === undefined ? "skipped" : outcomeOfNode(node, status);
}

/** Computes counts, open nodes, failures and the agenda from the status of every node. */
export function recount(run: Run): void {
  run.counts.fill(0);
  forgetWaiting(run);
  run.remaining = 0;
  run.failed = -1;
  run.storedBytes = 0;
  for (const node of run.nodes) if (node !== undefined) run.storedBytes += storedBytesOf(node);
  const ready: number[] = [];
  for (const range of run.ranges) {
    range.remaining = 0;
    for (let number = range.first; number < range.first + range.count; number++) {
      const status = statusOfNode(run, number);
      run.counts[status] = (run.counts[status] ?? 0) + 1;
      if (isDone(status) || range.isDropped) continue;
      range.remaining += 1;
      if (status === pending && !range.isEntries && range.open[number - range.first] === 0)
        ready.push(number);
    }
    if (range.failed >= 0 && run.nodes[range.failed]?.status !== TaskStatus.TASK_STATUS_FAILED)
      range.failed = firstFailed(run, range);
    if (range.owner >= 0) continue;
    run.remaining += range.remaining;
    if (run.failed < 0) run.failed = range.failed;
  }
  restack(run, ready);
  for (const node of run.nodes) if (node !== undefined && hasTasks(node)) updateAttention(run, node);
}

/**
 * Returns whether its parts are tasks that can be reopened without their owner, and not the entries of a
 * list.
 */
function hasTasks(node: Node): boolean {
  const kind = stateOfParts(node)?.kind;
  return kind !== undefined && kind !== "list";
}

function firstFailed(run: Run, range: Range): number {
  let first = -1;
  let firstAt = Number.POSITIVE_INFINITY;
  for (let number = range.first; number < range.first + range.count; number++) {
    const node = run.nodes[number];
    if (node?.status !== TaskStatus.TASK_STATUS_FAILED || node.endAt >= firstAt) continue;
    if (!range.isEntries && range.plan.policy(range.plan.task(node.task)).mayFail) continue;
    first = number;
    firstAt = node.endAt;
  }
  return first;
}

/** A node that was in the agenda and still belongs there keeps its place. */
function restack(run: Run, ready: readonly number[]): void {
  const added = new Set(ready);
  const retained = run.agenda
    .slice(run.agendaAt)
    .filter((number) => added.delete(number) || remainsInAgenda(run.nodes[number]));
  run.agenda.length = 0;
  run.agendaAt = 0;
  for (const number of retained) run.agenda.push(number);
  for (const number of added) run.agenda.push(number);
}

function remainsInAgenda(node: Node | undefined): boolean {
  return node?.status === TaskStatus.TASK_STATUS_HELD || stateOfParts(node)?.isAttended === true;
}
