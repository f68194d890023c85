/**
 * Tasks that wait, by signal. The index follows from the nodes. It exists so that a signal reads only these
 * nodes.
 */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { moreOf, type Run, type RunView, type SignalWaiter } from "../../core/state/state.ts";

/**
 * Up to this many waiters are kept as a list. Most runs wait for one signal, for which a map of sets takes
 * 400 bytes.
 */
const listedMax = 16;

/** For folds. A node that no longer waits is detected when a signal arrives. */
export function awaitSignal(run: Run, signal: string, node: number): void {
  const more = moreOf(run);
  const { waiters } = more;
  if (waiters instanceof Map) {
    addTo(waiters, signal, node);
    return;
  }
  if (waiters.some((waiter) => waiter.signal === signal && waiter.node === node)) return;
  const all = [...waiters, { signal, node }];
  more.waiters = all.length <= listedMax ? all : bySignal(all);
}

/** For folds: drops nodes that no longer wait. */
export function forgetWaiters(run: Run, signal: string): void {
  const { more } = run;
  if (more === undefined) return;
  if (!(more.waiters instanceof Map)) {
    more.waiters = more.waiters.filter(
      (waiter) => waiter.signal !== signal || isWaiting(run, waiter.node, signal),
    );
    return;
  }
  const waiting = more.waiters.get(signal);
  if (waiting === undefined) return;
  for (const node of waiting) if (!isWaiting(run, node, signal)) waiting.delete(node);
  if (waiting.size === 0) more.waiters.delete(signal);
}

/** Returns the nodes that wait for a signal. The one that has waited longest is first. */
export function waitersOf(run: RunView, signal: string): readonly number[] {
  const waiting = mayWaitFor(run, signal).filter((node) => isWaiting(run, node, signal));
  const since = (node: number) => run.nodes[node]?.readyAt ?? 0;
  return waiting.sort((one, other) => since(one) - since(other) || one - other);
}

function mayWaitFor({ more }: RunView, signal: string): number[] {
  const waiters = more?.waiters ?? [];
  // The cast is needed because `Array.isArray` does not narrow a union of a read-only list and a read-only
  // map.
  if (!Array.isArray(waiters))
    return [...((waiters as ReadonlyMap<string, ReadonlySet<number>>).get(signal) ?? [])];
  return (waiters as readonly SignalWaiter[]).flatMap((waiter) =>
    waiter.signal === signal ? [waiter.node] : [],
  );
}

function bySignal(waiters: readonly SignalWaiter[]): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const { signal, node } of waiters) addTo(found, signal, node);
  return found;
}

function addTo(waiters: Map<string, Set<number>>, signal: string, node: number): void {
  const waiting = waiters.get(signal);
  if (waiting === undefined) waiters.set(signal, new Set([node]));
  else waiting.add(node);
}

function isWaiting(run: RunView, number: number, signal: string): boolean {
  const node = run.nodes[number];
  return node?.status === TaskStatus.TASK_STATUS_WAITING && stateOfKind(node, "wait")?.signal === signal;
}
