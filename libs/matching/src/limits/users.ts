/** The users of a reservation. */
import { labelsMatch } from "@tutti/kernel";
import type { PoolReservation } from "../api/allotments.ts";
import type { Task } from "../task/task.ts";

/** Returns whether a task names the reservation, or has its labels. */
export function mayUse(task: Task, { reservationId, sessions }: PoolReservation): boolean {
  if (task.extras?.share?.reservationIds.includes(reservationId) === true) return true;
  return sessions !== undefined && labelsMatch(labelsOf(task), sessions);
}

export function labelsOf(task: Task): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const { name, value } of task.profile.labels) labels[name] = value;
  for (const { name, value } of task.decodeOffer().labels) labels[name] = value;
  return labels;
}
