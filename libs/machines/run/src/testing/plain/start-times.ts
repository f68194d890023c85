/** Start times of visits, for checks of timeouts. */
import type { PlainTask } from "./plain-task.ts";

interface Start {
  readonly visit: number;
  readonly atMs: number;
}

interface TaskStart extends Start {
  /** Number of the event that showed the start. */
  readonly event: number;
  readonly taskId: string;
}

export class StartTimes {
  /** Starts of the latest visits: repeated rounds and entries are other tasks. */
  readonly #last = new WeakMap<PlainTask, Start>();
  readonly #all: TaskStart[] = [];

  add(task: PlainTask, atMs: number, event: number): void {
    const start = { visit: task.visits, atMs };
    this.#last.set(task, start);
    this.#all.push({ ...start, event, taskId: task.id });
  }

  /** Returns the start time. Undefined if the task has not started, or its start was not seen. */
  msOf(task: PlainTask | undefined): number | undefined {
    const start = task === undefined ? undefined : this.#last.get(task);
    return start?.visit === task?.visits ? start?.atMs : undefined;
  }

  /** Handles a reset of the run: tasks that were running at that event keep their start times. */
  revert(tasks: readonly PlainTask[], toEvent: number, event: number): void {
    for (const task of tasks) {
      if (task.status !== "running") continue;
      const isOfTask = (start: TaskStart): boolean =>
        start.event <= toEvent && start.taskId === task.id && start.visit === task.visits;
      const begun = this.#all.findLast(isOfTask);
      if (begun !== undefined) this.add(task, begun.atMs, event);
    }
  }
}
