/**
 * Finds the works that can never continue in the current state.
 *
 * 1. A work that waits for nothing continues, and releases everything that it holds. A waiting work continues if all
 *    its waits can be granted from the permits that continuing works release.
 * 2. A wait can be granted if all waits before it in the queue can, and if there is room for it. Stuck works keep
 *    their room, and so do waits that are granted before it. A granted wait holds the lock for a limited time.
 * 3. The works that remain when nothing more continues are stuck. So a semaphore is never mistaken for a deadlock
 *    because of one of several holders.
 */
import { fits, isTooMany } from "../hold/room.ts";
import type { ObservedHold, ObservedLock, ObservedWait } from "./observation.ts";

export interface PendingWait {
  readonly lock: ObservedLock;
  readonly wait: ObservedWait;
}

/** Returns the names of stuck works. */
export function stuckWorks(locks: readonly ObservedLock[]): ReadonlySet<string> {
  const waits = waitsByWork(locks);
  const stuck = new Set(waits.keys());
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const node of stuck) {
      const canContinue = (waits.get(node) ?? []).every((pending) => canBeGranted(pending, stuck));
      if (canContinue) {
        stuck.delete(node);
        isChanged = true;
      }
    }
  }
  return stuck;
}

export function waitsByWork(locks: readonly ObservedLock[]): ReadonlyMap<string, readonly PendingWait[]> {
  const waits = new Map<string, PendingWait[]>();
  for (const lock of locks)
    for (const wait of lock.waits) {
      const known = waits.get(wait.node);
      if (known === undefined) waits.set(wait.node, [{ lock, wait }]);
      else known.push({ lock, wait });
    }
  return waits;
}

function canBeGranted(pending: PendingWait, stuck: ReadonlySet<string>): boolean {
  return obstaclesOf(pending, stuck).length === 0;
}

/** A work that another one waits for. */
export interface Obstacle {
  readonly node: string;
  /** Whether it holds the lock. Otherwise it waits before the other work. */
  readonly isHeld: boolean;
}

/**
 * Returns the stuck works that prevent a wait from being granted. None if it can be granted. A wait before it
 * that fits is granted first, and then holds the lock.
 */
export function obstaclesOf({ lock, wait }: PendingWait, stuck: ReadonlySet<string>): readonly Obstacle[] {
  const { permits } = lock;
  const obstacles: Obstacle[] = [];
  const room = { permits, heldAlone: 0, sharedMost: 0 };
  const addObstacle = (entry: ObservedHold | ObservedWait, isHeld: boolean) => {
    obstacles.push({ node: entry.node, isHeld });
    if (entry.shared) room.sharedMost = Math.max(room.sharedMost, entry.permits);
    else room.heldAlone += entry.permits;
  };
  // The request is rejected.
  if (isTooMany(lock, wait)) return [];
  for (const held of lock.holds) if (stuck.has(held.node)) addObstacle(held, true);
  for (const before of lock.waits) {
    if (before.ticket === wait.ticket) break;
    if (!stuck.has(before.node) || isTooMany(lock, before)) continue;
    if (!fits(room, before)) return [{ node: before.node, isHeld: false }];
    addObstacle(before, false);
  }
  return fits(room, wait) ? [] : obstacles;
}
