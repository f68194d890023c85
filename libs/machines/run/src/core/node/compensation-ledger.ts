/**
 * Effects of work that was repeated. An effect is identified by the id of its task, as its idempotency key
 * is. It exists once however often its task completed, and is undone once, with the input and output of the
 * last completion.
 *
 * 1. A node keeps its earlier effect until it completes again.
 * 2. Parts of a repeated task are new nodes under the same ids. A part that completes replaces the earlier
 *    one. Parts whose ids do not complete again remain to be undone.
 * 3. After an earlier effect is undone, the node returns to its former status: readers see the latest result.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { type FunctionEntry, FunctionEntryKind } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { type Data, encodeJson, UnreadableData } from "@tutti/machine-work";
import { listOfEntries } from "../evaluate/scene.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { currentRanges, rangeOf, rangePlace, rangeViewOf, taskIdIn } from "../state/places.ts";
import { type Node, type NodeView, type Run, type RunView, undoOf } from "../state/state.ts";
import { storedBytesOf } from "./data.ts";

const { TASK_STATUS_COMPLETED: completed, TASK_STATUS_UNSPECIFIED: unspecified } = TaskStatus;

/** Keeps the earlier effect of a node that is repeated. For folds. */
export function retainEffect(node: Node): void {
  if (node.status !== completed || !isUndoable(node)) return;
  const { input, output, endAt } = node;
  undoOf(node).earlierEffect = { input, output, endAt, status: unspecified };
}

/**
 * Keeps the compensations that the code of an ended function registered and did not execute. The node keeps
 * its present status afterwards. For folds.
 */
export function retainRegisteredEffect(run: Run, node: Node): void {
  const { savedNext } = node.more ?? {};
  const code = stateOfKind(node, "function")?.journal;
  if (code === undefined || !(hasOpenUndo(code.entries) || hasSavedUndo(savedNext, code.entries.length)))
    return;
  const { input, endAt, status } = node;
  run.storedBytes -= storedBytesOf(node);
  undoOf(node).earlierEffect = { input, output: undefined, endAt, status };
  run.storedBytes += storedBytesOf(node);
  run.undo.push(node.number);
}

/** Code that fails executes its registered compensations itself, as steps with the same names. */
function hasOpenUndo(entries: readonly FunctionEntry[]): boolean {
  const open = new Set<string>();
  for (const { kind, id } of entries)
    if (kind === FunctionEntryKind.FUNCTION_ENTRY_KIND_UNDO) open.add(`${id}.run`);
    else if (open.size > 0) open.delete(id);
  return open.size > 0;
}

/** Work that the last turn did not report may have registered a compensation too. */
function hasSavedUndo(saved: Uint8Array | undefined, known: number): boolean {
  if (saved === undefined) return false;
  try {
    const { known: at, steps } = JSON.parse(decoder.decode(saved));
    return at === known && Array.isArray(steps) && steps.some((step) => typeof step?.undo === "string");
  } catch {
    return false;
  }
}

const decoder = new TextDecoder();

/**
 * Records the effect of a completed node: it replaces an earlier effect of the same id, and comes last. For
 * folds.
 */
export function recordEffect(run: Run, node: Node): void {
  if (node.more?.undo?.earlierEffect !== undefined) {
    forgetRetainedEffect(run, node);
    forgetUndo(run, node.number);
  }
  const { range, number } = node;
  if (range.owner >= 0 && run.undo.length > 0) {
    run.replacedNodes ??= replacedNodesOf(run);
    const before =
      run.replacedNodes.size === 0 ? undefined : run.replacedNodes.get(taskIdIn(run, range, number));
    if (before !== undefined) {
      run.replacedNodes.delete(taskIdIn(run, range, number));
      forgetUndo(run, before);
    }
  }
  run.undo.push(number);
}

/** Drops the earlier effect of a node. For folds. */
export function forgetRetainedEffect(run: Run, node: Node): void {
  run.storedBytes -= storedBytesOf(node);
  if (node.more?.undo !== undefined) node.more.undo.earlierEffect = undefined;
  run.storedBytes += storedBytesOf(node);
}

/** Effects of entries are undone entry by entry. */
export function isUndoable({ range, task }: Node): boolean {
  const planned = range.plan.task(task);
  return range.plan.policy(planned).compensate !== null && (range.isEntries || planned.forEach < 0);
}

function forgetUndo(run: Run, number: number): void {
  const place = run.undo.lastIndexOf(number);
  if (place >= 0) run.undo.splice(place, 1);
}

/** Returns the nodes to be undone whose ids now belong to other nodes, by id. */
function replacedNodesOf(run: Run): Map<string, number> {
  const current = currentRanges(run);
  const replaced = new Map<string, number>();
  for (const number of run.undo) {
    const place = rangePlace(run.ranges, number);
    if (!current.has(place)) replaced.set(taskIdIn(run, rangeOf(run, number), number), number);
  }
  return replaced;
}

/**
 * Entries that may be undone later keep their own list, even if their task has another one by then. For
 * folds.
 */
export function retainLists(run: Run, reopened: ReadonlySet<number>): void {
  for (const number of run.undo) {
    if (!isWithin(run, number, reopened)) continue;
    for (let range = rangeOf(run, number); range.owner >= 0; range = rangeOf(run, range.owner))
      if (range.isEntries) range.ownValue ??= listBytes(run, range);
  }
}

function isWithin(run: Run, number: number, nodes: ReadonlySet<number>): boolean {
  let current = number;
  while (current >= 0 && !nodes.has(current)) current = rangeOf(run, current).owner;
  return current >= 0;
}

function listBytes(run: Run, range: Parameters<typeof listOfEntries>[1]): Uint8Array | undefined {
  try {
    const list = listOfEntries({ run }, range);
    return list === undefined ? undefined : encodeJson(list as Json);
  } catch (error) {
    if (error instanceof UnreadableData) return undefined;
    throw error;
  }
}

/** Returns the effect of a node that is to be undone. */
export function effectOf({ input, output, more }: NodeView): {
  readonly input: Data | undefined;
  readonly output: Data | undefined;
} {
  const effect = more?.undo?.earlierEffect ?? { input, output };
  return { input: effect.input as Data | undefined, output: effect.output as Data | undefined };
}

/** Returns the status of a node whose compensation is given up or reverted. */
export function revertedStatus({ more }: Pick<NodeView, "more">): TaskStatus {
  return more?.undo?.earlierEffect?.status ?? completed;
}

/** Returns whether the effect of a node remains although its compensation was attempted. */
export function isNotUndone({ status, more }: NodeView): boolean {
  return more?.undo?.error !== undefined && (status === completed || more.undo.earlierEffect !== undefined);
}

/** Returns the time of the effect that is to be undone. */
export function effectAt({ endAt, more }: NodeView): number {
  return more?.undo?.earlierEffect?.endAt ?? endAt;
}

/** Returns the nodes that were undone, and all their owners, as far as they affect the status of the run. */
export function undoneWithOwners(run: RunView): ReadonlySet<number> {
  const undone = new Set<number>();
  const nodes = run.nodes.filter((node) => node?.status === TaskStatus.TASK_STATUS_COMPENSATED);
  if (nodes.length === 0) return undone;
  const current = currentRanges(run);
  for (const node of nodes)
    for (let number = node?.number ?? -1; number >= 0 && !undone.has(number); ) {
      if (!current.has(rangePlace(run.ranges, number))) break;
      undone.add(number);
      number = rangeViewOf(run, number).owner;
    }
  return undone;
}
