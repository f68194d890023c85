/**
 * The only timer of a lock: the first lease or place ends, or delayed grants continue. It follows from the state.
 */
import type { Outstanding } from "@tutti/kernel";
import { fits } from "./hold/room.ts";
import type { Lock, LockView } from "./state.ts";

export const timer = 1;

/** Sets the timer. The last line of every fold. */
export function arm(lock: Lock, outstanding: Outstanding): void {
  const dueMs = dueMsOf(lock);
  if (dueMs === lock.dueMs) return;
  lock.dueMs = dueMs;
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}

export function dueMsOf({ ends, putOffMs, ...lock }: LockView): number {
  const { head } = lock.line;
  // Due immediately if there is room. A step that leaves room delays the grants.
  if (head !== undefined && fits(lock, head)) return Math.max(1, putOffMs);
  const firstMs = ends.first?.rank;
  return firstMs === undefined ? 0 : Math.max(firstMs, putOffMs);
}

/** Changes the end of a lease or a place. */
export function endsAt(lock: Lock, number: number, dueMs: number): void {
  const known = lock.endOf.get(number);
  if (known !== undefined) {
    known.rank = dueMs;
    lock.ends.move(known);
    return;
  }
  const end = { number, rank: dueMs, order: number, place: -1 };
  lock.endOf.set(number, end);
  lock.ends.add(end);
}

export function endsNever(lock: Lock, number: number): void {
  const known = lock.endOf.get(number);
  if (known === undefined) return;
  lock.endOf.delete(number);
  lock.ends.remove(known);
}
