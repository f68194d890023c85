/**
 * Functions that will need a part of the rest of a budget: those between two turns, and those that can start.
 *
 * 1. The run keeps their number after the first turn has asked for it. So each turn costs the same in a run of any
 *    size.
 * 2. A change of status, or of the agenda, changes the number. If many nodes change, or a list of functions,
 *    the number is dropped and counted again when the next turn needs it.
 */
import { TaskStatus } from "@tutti/contracts/types/v1";
import { stateOfKind } from "../state/kind-state.ts";
import { partsOf, rangeViewOf, taskOf } from "../state/places.ts";
import type { Node, NodeView, Run, RunView } from "../state/state.ts";

export function waitingFunctions(run: RunView): number {
  return run.waitingFunctions ?? countWaitingFunctions(run);
}

/** For folds. */
export function cacheWaitingFunctions(run: Run): void {
  run.waitingFunctions ??= countWaitingFunctions(run);
}

/** For folds: call this before the status of a node changes. */
export function changeWaiting(run: Run, node: Node, status: TaskStatus): void {
  if (run.waitingFunctions === undefined) return;
  const task = node.range.plan.task(node.task);
  if (task.kind !== "function") return;
  if (task.forEach >= 0 && !node.range.isEntries) forgetWaiting(run);
  else run.waitingFunctions += Number(betweenTurns.has(status)) - Number(betweenTurns.has(node.status));
}

/** For folds: a node has entered or left the agenda. */
export function changeReady(run: Run, number: number, by: 1 | -1): void {
  if (run.waitingFunctions !== undefined && isReady(run, number)) run.waitingFunctions += by;
}

/** For folds: the number is counted again when it is needed. */
export function forgetWaiting(run: Run): void {
  run.waitingFunctions = undefined;
}

/** Returns the number of waiting functions of one node. */
export function waitingOf(run: RunView, number: number): number {
  const node = run.nodes[number];
  return node !== undefined && isFunction(run, number) ? waitingWithin(run, node) : 0;
}

export function countWaitingFunctions(run: RunView): number {
  // Only runs with functions pay for reading each node.
  if (!run.ranges.some(({ plan }) => plan.hasFunctions)) return 0;
  let count = 0;
  for (const node of run.nodes) if (node !== undefined) count += waitingOf(run, node.number);
  for (let at = run.agendaAt; at < run.agenda.length; at++)
    if (isReady(run, run.agenda[at] as number)) count += 1;
  return count;
}

function isReady(run: RunView, number: number): boolean {
  const node = run.nodes[number];
  const isPending = node === undefined || node.status === TaskStatus.TASK_STATUS_PENDING;
  return isPending && isFunction(run, number);
}

function isFunction(run: RunView, number: number): boolean {
  return taskOf(rangeViewOf(run, number), number).kind === "function";
}

function waitingWithin(run: RunView, node: NodeView): number {
  const isBetween = betweenTurns.has(node.status);
  const list = stateOfKind(node, "list");
  if (list === undefined || !isBetween) return isBetween ? 1 : 0;
  const { count = 0 } = partsOf(run, node) ?? {};
  const { maxParallel } = node.range.plan.policy(node.range.plan.task(node.task));
  const room = maxParallel === 0 ? count : maxParallel - list.entriesOpen;
  return Math.max(0, Math.min(count - list.nextEntry, room));
}

const betweenTurns: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_WAITING,
  TaskStatus.TASK_STATUS_RETRYING,
  TaskStatus.TASK_STATUS_HELD,
]);
