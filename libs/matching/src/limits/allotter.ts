/** Applies quotas and reservations to the tasks of a pool: to new tasks, and to all after a change. */
import type { Allotments } from "../api/allotments.ts";
import { extrasOf } from "../task/extras.ts";
import { enqueue, isLimitedBy, removeFromLimit } from "../task/queueing.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Waiting } from "../task/waiting.ts";
import type { PoolAllotments } from "./allotments.ts";
import type { Limits } from "./limit-book.ts";
import type { Limit } from "./room.ts";

const noLimits: readonly Limit<Task>[] = [];

/** The parts that Allotter needs. */
export interface AllotterParts {
  readonly allotments: PoolAllotments;
  readonly limits: Limits;
  readonly tasks: Tasks;
  readonly waiting: Waiting;
}

export class Allotter {
  readonly #allotments: PoolAllotments;
  readonly #limits: Limits;
  readonly #tasks: Tasks;
  readonly #waiting: Waiting;

  constructor(parts: AllotterParts) {
    this.#allotments = parts.allotments;
    this.#limits = parts.limits;
    this.#tasks = parts.tasks;
    this.#waiting = parts.waiting;
  }

  /** Sets the quotas and reservations of a namespace. Running tasks keep what they have. */
  set(namespace: string, allotted: Allotments, nowMs: number): void {
    const changed = this.#allotments.set(namespace, allotted);
    if (changed.quotas || changed.reservations)
      for (const task of this.#tasks.values()) this.#reallot(task, nowMs);
    if (changed.reservations) for (const task of this.#tasks.values()) this.#changeSide(task, nowMs);
    for (const limit of this.#limits.allotted) this.#limits.wake(limit, nowMs);
  }

  /** Assigns a new task to its quotas and reservations. It counts against them from when it runs. */
  allot(task: Task, nowMs: number): void {
    const allotments = this.#allotments;
    if (allotments.isEmpty) return;
    if (allotments.areas !== undefined) this.#waiting.changeSide(task, allotments.areas.sideOf(task), nowMs);
    const limits = this.#allotments.limitsOf(task);
    if (limits.length === 0) return;
    task.extras ??= extrasOf([], { stickyKey: "", contextKey: "", share: undefined });
    task.extras.limits = [...task.extras.limits, ...limits];
    for (const limit of limits) limit.uses++;
  }

  /** Moves a known task, waiting or running, to other quotas and reservations. */
  #reallot(task: Task, nowMs: number): void {
    const before = task.extras?.limits.filter(({ origin }) => origin !== undefined) ?? noLimits;
    const limits = this.#allotments.limitsOf(task);
    if (before.length === 0 && limits.length === 0) return;
    if (before.length === limits.length && before.every((limit) => limits.includes(limit))) return;
    const wasWaiting = before.some((limit) => isLimitedBy(task, limit));
    if (wasWaiting) removeFromLimit(task, nowMs);
    task.extras ??= extrasOf([], { stickyKey: "", contextKey: "", share: undefined });
    const { extras, demand, agent } = task;
    for (const limit of before) {
      if (agent !== undefined) limit.release(true, demand);
      if (extras.wokenBy === limit) {
        extras.wokenBy = undefined;
        limit.unwake(extras.unbound ?? demand);
      }
      limit.uses--;
    }
    for (const limit of limits) {
      if (agent !== undefined) this.#limits.acquire(limit, nowMs, demand);
      limit.uses++;
    }
    extras.limits = [...extras.limits.filter(({ origin }) => origin === undefined), ...limits];
    if (wasWaiting) enqueue(task);
  }

  /** Updates the side of tasks after the reservations have changed. */
  #changeSide(task: Task, nowMs: number): void {
    const { areas } = this.#allotments;
    this.#waiting.changeSide(task, areas?.sideOf(task), nowMs);
    if (task.agent !== undefined) areas?.start(task, task.agent, nowMs);
  }
}
