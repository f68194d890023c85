/**
 * Which works can never continue, as things stand.
 *
 * 1. A work that waits for nothing continues, and gives back all that it holds. A work that waits continues when all
 *    its waits can be granted out of what those give back that continue.
 * 2. A wait can be granted when all waits before it in the line can, and when there is room for it. Works that are
 *    stuck keep their room, and so do waits that are granted before it. A granted wait holds the lock for a while, and
 *    then no longer.
 * 3. The works that remain when nothing more continues are stuck. So a semaphore is never mistaken for a deadlock
 *    because of one of several holders.
 */
import { fits, isTooMany } from "../hold/room.ts";
import type { SeenHold, SeenLock, SeenWait } from "./picture.ts";

export interface Wanted {
  readonly lock: SeenLock;
  readonly wait: SeenWait;
}

/** The names of works that are stuck. */
export function stuckWorks(locks: readonly SeenLock[]): ReadonlySet<string> {
  const waits = waitsByWork(locks);
  const stuck = new Set(waits.keys());
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const node of stuck) {
      const goesOn = (waits.get(node) ?? []).every((wanted) => canBeGranted(wanted, stuck));
      if (goesOn) {
        stuck.delete(node);
        isChanged = true;
      }
    }
  }
  return stuck;
}

export function waitsByWork(locks: readonly SeenLock[]): ReadonlyMap<string, readonly Wanted[]> {
  const waits = new Map<string, Wanted[]>();
  for (const lock of locks)
    for (const wait of lock.waits) {
      const known = waits.get(wait.node);
      if (known === undefined) waits.set(wait.node, [{ lock, wait }]);
      else known.push({ lock, wait });
    }
  return waits;
}

function canBeGranted(wanted: Wanted, stuck: ReadonlySet<string>): boolean {
  return inTheWay(wanted, stuck).length === 0;
}

/** One that another waits for. */
export interface Obstacle {
  readonly node: string;
  /** Whether it holds the lock. It waits for it before the other one otherwise. */
  readonly isHeld: boolean;
}

/**
 * Which of the stuck works keep a wait from being granted. None when it can be. A wait before it that fits is
 * granted before it, and then held.
 */
export function inTheWay({ lock, wait }: Wanted, stuck: ReadonlySet<string>): readonly Obstacle[] {
  const { permits } = lock;
  const obstacles: Obstacle[] = [];
  const room = { permits, heldAlone: 0, sharedMost: 0 };
  const take = (one: SeenHold | SeenWait, isHeld: boolean) => {
    obstacles.push({ node: one.node, isHeld });
    if (one.shared) room.sharedMost = Math.max(room.sharedMost, one.permits);
    else room.heldAlone += one.permits;
  };
  // It is turned away.
  if (isTooMany(lock, wait)) return [];
  for (const held of lock.holds) if (stuck.has(held.node)) take(held, true);
  for (const before of lock.waits) {
    if (before.ticket === wait.ticket) break;
    if (!stuck.has(before.node) || isTooMany(lock, before)) continue;
    if (!fits(room, before)) return [{ node: before.node, isHeld: false }];
    take(before, false);
  }
  return fits(room, wait) ? [] : obstacles;
}
