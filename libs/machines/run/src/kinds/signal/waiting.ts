/** Which tasks wait for which signal. It follows from the nodes: it is kept so that a signal looks at those alone. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { moreOf, type Run, type RunView } from "../../core/state/state.ts";

/** For folds. One that does not wait any more is found out when a signal comes. */
export function awaitSignal(run: Run, signal: string, node: number): void {
  const { waiters } = moreOf(run);
  const waiting = waiters.get(signal);
  if (waiting === undefined) waiters.set(signal, new Set([node]));
  else waiting.add(node);
}

/** For folds: those that do not wait any more are forgotten. */
export function forgetWaiters(run: Run, signal: string): void {
  const waiting = run.more?.waiters.get(signal);
  if (waiting === undefined) return;
  for (const node of waiting) if (!isWaiting(run, node, signal)) waiting.delete(node);
  if (waiting.size === 0) run.more?.waiters.delete(signal);
}

/** Those that wait for a signal, the one first that has waited longest. */
export function waitersOf(run: RunView, signal: string): readonly number[] {
  const waiting = [...(run.more?.waiters.get(signal) ?? [])].filter((node) => isWaiting(run, node, signal));
  const since = (node: number) => run.nodes[node]?.readyAt ?? 0;
  return waiting.sort((one, other) => since(one) - since(other) || one - other);
}

function isWaiting(run: RunView, number: number, signal: string): boolean {
  const node = run.nodes[number];
  return node?.status === TaskStatus.TASK_STATUS_WAITING && stateOfKind(node, "wait")?.signal === signal;
}
