/**
 * Tasks whose sender is absent, until a sender offers them again. If a task has been settled meanwhile, the
 * next owner of the work offers it to no pool. So senders are asked, and the one that knows it cancels the
 * task.
 */

import { QuerySchedule } from "./query-schedule.ts";
import type { Task } from "./task.ts";

const queryAfterMs = 2_000;
const queryIntervalMaxMs = 60_000;
const pageMax = 1_000;

export class Orphans {
  readonly #tasks = new Set<Task>();
  readonly #schedule = new QuerySchedule(queryAfterMs, queryIntervalMaxMs);

  /** When senders are asked next. */
  get queryDueMs(): number {
    return this.#schedule.dueMs;
  }

  add(task: Task, nowMs: number): void {
    this.#tasks.add(task);
    this.#schedule.added(nowMs);
  }

  /** Returns the tasks that senders are asked about. Empty before the due time. */
  dueForQuery(nowMs: number): readonly Task[] {
    if (nowMs < this.queryDueMs) return noTasks;
    for (const task of this.#tasks)
      if (task.senderSlot !== undefined || task.stage === "forgotten") this.#tasks.delete(task);
    if (this.#tasks.size === 0) this.#schedule.stop();
    else this.#schedule.recordQuery(nowMs);
    const page = [...this.#tasks].slice(0, pageMax);
    // The other tasks are asked about the next time.
    for (const task of page) {
      this.#tasks.delete(task);
      this.#tasks.add(task);
    }
    return page;
  }
}

const noTasks: readonly Task[] = [];
