/**
 * Selects the victim of a deadlock, and the reason.
 *
 * 1. The victim of a cycle is the work whose wait has the lowest priority. Among equals it is the one that started
 *    last, and then the one that holds least. So the work that has waited and run longest continues.
 * 2. Each cycle has one victim: after it stops waiting, the stuck works are computed again.
 * 3. The same picture gives the same victims, for every observer.
 */
import type { CircleEdge } from "@tutti/contracts/session/v1";
import { assert } from "@tutti/kernel";
import { circleMax } from "../limits.ts";
import type { ObservedLock, ObservedWait } from "./observation.ts";
import { obstaclesOf, type PendingWait, stuckWorks, waitsByWork } from "./stuck.ts";

/** A deadlock with its victim. */
export interface FoundDeadlock {
  /** The cycle, starting with the victim. */
  readonly circle: readonly CircleEdge[];
  /** The cycle and the reason for this victim, in words. */
  readonly reason: string;
}

interface Edge extends PendingWait {
  readonly from: string;
  readonly to: string;
  readonly isHeld: boolean;
}

export function findDeadlocks(locks: readonly ObservedLock[]): readonly FoundDeadlock[] {
  const found: FoundDeadlock[] = [];
  for (let picture = locks; ; ) {
    const circle = circleIn(picture);
    if (circle === undefined) return found;
    const victim = victimOf(circle, picture);
    found.push(deadlockOf(circle, victim, picture));
    picture = picture.map((lock) =>
      lock === victim.lock
        ? { ...lock, waits: lock.waits.filter(({ ticket }) => ticket !== victim.wait.ticket) }
        : lock,
    );
  }
}

/** Follows the waits from a stuck work until a work is reached a second time. */
function circleIn(locks: readonly ObservedLock[]): readonly Edge[] | undefined {
  const stuck = stuckWorks(locks);
  const [start] = [...stuck].sort();
  if (start === undefined) return undefined;
  const waits = waitsByWork(locks);
  const path: Edge[] = [];
  const places = new Map<string, number>();
  for (let node = start; ; ) {
    const place = places.get(node);
    if (place !== undefined) return path.slice(place);
    places.set(node, path.length);
    const next = (waits.get(node) ?? []).flatMap((pending) =>
      obstaclesOf(pending, stuck).map(({ node: to, isHeld }) => ({ ...pending, from: node, to, isHeld })),
    )[0];
    assert(next !== undefined, "who is stuck waits for another that is", { node });
    path.push(next);
    node = next.to;
  }
}

function victimOf(circle: readonly Edge[], locks: readonly ObservedLock[]): Edge {
  const [first] = circle.toSorted((one, other) => {
    const started = startedMs(other.from, locks) - startedMs(one.from, locks);
    const held = heldBy(one.from, locks) - heldBy(other.from, locks);
    return one.wait.priority - other.wait.priority || started || held || (one.from < other.from ? -1 : 1);
  });
  // A cycle has at least one edge.
  return first as Edge;
}

/** Returns when a work acquired or requested its first lock, as far as observed. */
function startedMs(node: string, locks: readonly ObservedLock[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { holds, waits } of locks) {
    for (const held of holds) if (held.node === node) first = Math.min(first, held.grantMs);
    for (const wait of waits) if (wait.node === node) first = Math.min(first, wait.beginMs);
  }
  return first;
}

function heldBy(node: string, locks: readonly ObservedLock[]): number {
  let permits = 0;
  for (const { holds } of locks) for (const held of holds) if (held.node === node) permits += held.permits;
  return permits;
}

function deadlockOf(circle: readonly Edge[], victim: Edge, locks: readonly ObservedLock[]): FoundDeadlock {
  const from = circle.indexOf(victim);
  const ordered = [...circle.slice(from), ...circle.slice(0, from)].slice(0, circleMax);
  const sentences = ordered.map(
    ({ from: waiter, to, lock, isHeld }) =>
      `${waiter} waits for the lock ${lock.name}, which ${to} ${isHeld ? "holds" : "waits for before it"}`,
  );
  return {
    circle: ordered.map(({ lock, wait, to }) => ({
      waiter: wait.work,
      namespace: lock.namespace,
      lock: lock.name,
      ticket: wait.ticket,
      holder: workOf(to, locks),
    })),
    reason: `${sentences.join(", and ")}: ${victim.from} gives way, because ${reasonOf(circle, victim, locks)}`,
  };
}

function workOf(node: string, locks: readonly ObservedLock[]): ObservedWait["work"] {
  for (const { holds, waits } of locks)
    for (const entry of [...holds, ...waits]) if (entry.node === node) return entry.work;
  return undefined;
}

function reasonOf(circle: readonly Edge[], victim: Edge, locks: readonly ObservedLock[]): string {
  const others = circle.filter((edge) => edge !== victim);
  const isLess = (of: (edge: Edge) => number) => others.every((edge) => of(edge) > of(victim));
  if (isLess(({ wait }) => wait.priority)) return "its priority is the lowest";
  if (isLess(({ from }) => -startedMs(from, locks))) return "it started last";
  if (isLess(({ from }) => heldBy(from, locks))) return "it holds the least";
  return "one of them must, and no other criterion applies";
}
