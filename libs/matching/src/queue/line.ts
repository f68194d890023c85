/**
 * Tasks in the order of their ranks. They mostly arrive in that order: then each is appended to a list, and
 * adding and removing cost nothing. Only a task that has to go before the last one of the list is in a heap.
 *
 * 1. The first task is the first of the list or the first of the heap.
 * 2. A task that leaves the middle of the list leaves a gap. Apart from a few, there are never more gaps than
 *    tasks.
 */

import { Heap, isBefore, type Ranked } from "@tutti/kernel";

const gapsAllowed = 64;

/** An entry of a line. */
export interface Listed extends Ranked {
  /** Number in the list of its line. Below 0 if it is in the heap. */
  listed: number;
}

export class Line<Task extends Listed> {
  #list: (Task | undefined)[] = [];
  /** Index of the start of the list, and the number of that entry: numbers are not used twice. */
  #head = 0;
  #base = 0;
  #gaps = 0;
  #last: Task | undefined = undefined;
  readonly #heap = new Heap<Task>();

  get size(): number {
    return this.#list.length - this.#head - this.#gaps + this.#heap.size;
  }

  get first(): Task | undefined {
    const listed = this.#list[this.#head];
    const heaped = this.#heap.first;
    if (listed === undefined || heaped === undefined) return listed ?? heaped;
    return isBefore(heaped, listed) ? heaped : listed;
  }

  add(task: Task): void {
    const last = this.#last;
    if (last !== undefined && isBefore(task, last)) {
      task.listed = -1;
      this.#heap.add(task);
      return;
    }
    task.listed = this.#base + this.#list.length;
    this.#list.push(task);
    this.#last = task;
  }

  remove(task: Task): void {
    if (task.listed < 0) {
      this.#heap.remove(task);
      return;
    }
    const at = task.listed - this.#base;
    this.#list[at] = undefined;
    if (at !== this.#head) {
      this.#gaps++;
      if (task === this.#last) this.#shorten();
      if (this.#gaps > gapsAllowed && this.#gaps * 2 > this.#list.length - this.#head) this.#close();
      return;
    }
    this.#head++;
    while (this.#gaps > 0 && this.#list[this.#head] === undefined) {
      this.#head++;
      this.#gaps--;
    }
    if (this.#head === this.#list.length) this.#clear();
    else if (this.#head > 1_024 && this.#head * 2 > this.#list.length) this.#trim();
  }

  /** Sorts a task again after its rank has changed. */
  move(task: Task): void {
    if (task.listed < 0) {
      this.#heap.move(task);
      return;
    }
    this.remove(task);
    this.add(task);
  }

  *tasks(): Generator<Task> {
    for (let at = this.#head; at < this.#list.length; at++) {
      const task = this.#list[at];
      if (task !== undefined) yield task;
    }
    yield* this.#heap.items;
  }

  /** Shortens the list after its last entry has left. An entry before it is the new end. */
  #shorten(): void {
    const list = this.#list;
    while (list.length > this.#head && list.at(-1) === undefined) {
      list.pop();
      this.#gaps--;
    }
    // Numbers behind the new end are free and are used again.
    this.#last = list.at(-1);
  }

  #clear(): void {
    this.#base += this.#list.length;
    this.#list = [];
    this.#head = 0;
    this.#last = undefined;
  }

  #trim(): void {
    this.#base += this.#head;
    this.#list = this.#list.slice(this.#head);
    this.#head = 0;
  }

  #close(): void {
    this.#base += this.#list.length;
    this.#list = this.#list.filter((task) => task !== undefined);
    this.#head = 0;
    this.#gaps = 0;
    for (const [at, task] of this.#list.entries()) if (task !== undefined) task.listed = this.#base + at;
  }
}
