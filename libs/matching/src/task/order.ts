/** The order of waiting tasks. Time does not change it: a task ages without being touched. */

import type { LiveSettings } from "../settings.ts";
import type { Task } from "./task.ts";

export class TaskOrder {
  readonly #settings: LiveSettings;

  constructor(settings: LiveSettings) {
    this.#settings = settings;
  }

  /** Returns the rank of a task. Time does not change it. */
  rankOf({ readyMs, priority }: Pick<Task, "readyMs" | "priority">, dueMs: number): number {
    const { ageingMs, dueLeadMs } = this.#settings.current;
    return Math.min(readyMs, dueMs - dueLeadMs) - priority * ageingMs;
  }

  /** Ranks all waiting tasks again after a setting of the order has changed. */
  rerank(tasks: Iterable<Task>): void {
    for (const task of tasks) {
      task.rank = this.rankOf(task, task.outcomeDueMs);
      moveInOrder(task);
    }
  }
}

/** Sorts a task again after its rank has changed. */
export function moveInOrder(task: Task): void {
  const { stage, share, extras } = task;
  if (stage === "queued") share?.move(task);
  else if (stage === "limited") extras?.limits.find(({ id }) => id === extras.waitsFor)?.move(task);
}
