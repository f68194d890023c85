/** When visits of tasks started, for what watches their times. */
import type { PlainTask } from "./plain-task.ts";

interface Begun {
  readonly visit: number;
  readonly atMs: number;
}

interface BegunTask extends Begun {
  /** The event after which that was seen. */
  readonly event: number;
  readonly taskId: string;
}

export class Begins {
  /** Of the last visits: rounds and entries that come again are other tasks. */
  readonly #last = new WeakMap<PlainTask, Begun>();
  readonly #all: BegunTask[] = [];

  add(task: PlainTask, atMs: number, event: number): void {
    const begun = { visit: task.visits, atMs };
    this.#last.set(task, begun);
    this.#all.push({ ...begun, event, taskId: task.id });
  }

  /** Undefined where it has not started, or that was not seen. */
  msOf(task: PlainTask | undefined): number | undefined {
    const begun = task === undefined ? undefined : this.#last.get(task);
    return begun?.visit === task?.visits ? begun?.atMs : undefined;
  }

  /** The run was taken back: what was running then is so since it started, and not since just now. */
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
