/**
 * Free permits of a lock. Sharing holders together hold as much as the greatest of them. Exclusive holders add to that.
 */
import type { LockView } from "../state.ts";

type Used = Pick<LockView, "permits" | "heldAlone" | "sharedMost">;

export function permitsOf({ permits }: Pick<LockView, "permits">): number {
  return permits === 0 ? 1 : permits;
}

export function freeOf(lock: Used): number {
  return Math.max(0, permitsOf(lock) - lock.heldAlone - lock.sharedMost);
}

/** Returns whether this many permits fit in addition. */
export function fits(
  lock: Used,
  { permits, shared }: { readonly permits: number; readonly shared: boolean },
): boolean {
  const { heldAlone, sharedMost } = lock;
  const others = shared ? Math.max(sharedMost, permits) : sharedMost + permits;
  return heldAlone + others <= permitsOf(lock);
}

/** Returns whether a request exceeds the permits of the lock, so that it can never be granted. */
export function isTooMany(
  lock: Pick<LockView, "permits">,
  { permits }: { readonly permits: number },
): boolean {
  return permits > permitsOf(lock);
}
