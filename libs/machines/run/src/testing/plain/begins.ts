/** Start times of visits, for checks of timeouts. */
import type { PlainTask } from "./plain-task.ts";

interface Begun {
  readonly visit: number;
  readonly atMs: number;
}

interface BegunTask extends Begun {
  /** Number of the event that showed the start. */
  readonly event: number;
  readonly taskId: string;
}

export class Begins {
  /** Starts of the latest visits: repeated rounds and entries are other tasks. */
  readonly #last = new WeakMap<PlainTask, Begun>();
  readonly #all: BegunTask[] = [];

  add(task: PlainTask, atMs: number, event: number): void {
    const begun = { visit: task.visits, atMs };
    this.#last.set(task, begun);
    this.#all.push({ ...begun, event, taskId: task.id });
  }

  /** Returns the start time. Undefined if the task has not started, or its start was not seen. */
  msOf(task: PlainTask | undefined): number | undefined {
    const begun = task === undefined ? undefined : this.#last.get(task);
    return begun?.visit === task?.visits ? begun?.atMs : undefined;
  }

  /** Handles a reset of the run: tasks that were running at that event keep their start times. */
  takeBack(tasks: readonly PlainTask[], toEvent: number, event: number): void {
    for (const task of tasks) {
      if (task.status !== "at work") continue;
      const isOfTask = (begun: BegunTask): boolean =>
        begun.event <= toEvent && begun.taskId === task.id && begun.visit === task.visits;
      const begun = this.#all.findLast(isOfTask);
      if (begun !== undefined) this.add(task, begun.atMs, event);
    }
  }
}
