/** The only timer of a limit. It follows from the state: the time of the next action. */
import type { Outstanding } from "@tutti/kernel";
import { dueMsOf } from "./pace.ts";
import type { Limit } from "./state.ts";

export const timer = 1;

/** Sets the timer. The last line of every fold. */
export function arm(limit: Limit, outstanding: Outstanding): void {
  limit.used = true;
  const dueMs = dueMsOf(limit);
  if (dueMs === limit.dueMs) return;
  limit.dueMs = dueMs;
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}
