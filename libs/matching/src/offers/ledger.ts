/** Results that were sent on a stream, by their numbers, until they are durable. */
import type { Task } from "../task/task.ts";

export class Ledger {
  #tasks: (Task | undefined)[] = [];
  /** Number of the first result in the list, and its index. */
  #first = 1;
  #at = 0;

  /** Number of the last result that was sent. */
  get last(): number {
    return this.#first + this.#tasks.length - this.#at - 1;
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  /** Removes a task: its number has no meaning any more. */
  drop(task: Task): void {
    const at = this.#tasks.indexOf(task, this.#at);
    if (at >= 0) this.#tasks[at] = undefined;
  }

  /** Returns the next result up to this number. Undefined if there is none. */
  shift(upTo: number): Task | undefined {
    while (this.#first <= upTo && this.#at < this.#tasks.length) {
      const task = this.#tasks[this.#at];
      this.#tasks[this.#at++] = undefined;
      this.#first++;
      if (this.#at >= 1_024 && this.#at * 2 > this.#tasks.length) {
        this.#tasks = this.#tasks.slice(this.#at);
        this.#at = 0;
      }
      if (task !== undefined) return task;
    }
    return undefined;
  }

  remove(number: number): Task | undefined {
    const at = this.#at + number - this.#first;
    if (at < this.#at) return undefined;
    const task = this.#tasks[at];
    this.#tasks[at] = undefined;
    return task;
  }

  clear(): void {
    this.#first = this.last + 1;
    this.#tasks = [];
    this.#at = 0;
  }
}
