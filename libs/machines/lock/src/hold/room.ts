/**
 * How much of a lock is free. Those that share hold together what the one of them holds that holds the most. All others
 * hold theirs beside that.
 */
import type { LockView } from "../state.ts";

type Used = Pick<LockView, "permits" | "heldAlone" | "sharedMost">;

export function permitsOf({ permits }: Pick<LockView, "permits">): number {
  return permits === 0 ? 1 : permits;
}

export function freeOf(lock: Used): number {
  return Math.max(0, permitsOf(lock) - lock.heldAlone - lock.sharedMost);
}

/** Returns whether so many can be held as well. */
export function fits(
  lock: Used,
  { permits, shared }: { readonly permits: number; readonly shared: boolean },
): boolean {
  const { heldAlone, sharedMost } = lock;
  const others = shared ? Math.max(sharedMost, permits) : sharedMost + permits;
  return heldAlone + others <= permitsOf(lock);
}

/** Returns whether one that waits can never be granted anything as things stand. */
export function isTooMany(
  lock: Pick<LockView, "permits">,
  { permits }: { readonly permits: number },
): boolean {
  return permits > permitsOf(lock);
}
