/** Makes tasks from offers, each with its demand, its place in the order, and its limits. */

import type { Offer } from "@tutti/contracts/swarm/v1";
import type { Demands } from "../demand/demands.ts";
import type { Gangs } from "../gangs/gangs.ts";
import type { Allotter } from "../limits/allotter.ts";
import type { Limit } from "../limits/room.ts";
import { extrasOf } from "./extras.ts";
import type { TaskOrder } from "./order.ts";
import { type Profile, Task, type TaskPool } from "./task.ts";

/** The parts that TaskFactory needs. */
export interface TaskFactoryParts {
  readonly taskPool: TaskPool;
  readonly demands: Demands;
  readonly order: TaskOrder;
  readonly allotter: Allotter;
  readonly gangs: Gangs;
}

export class TaskFactory {
  readonly #taskPool: TaskPool;
  readonly #demands: Demands;
  readonly #order: TaskOrder;
  readonly #allotter: Allotter;
  readonly #gangs: Gangs;
  /** Number of offers so far. */
  #offered = 0;

  constructor(parts: TaskFactoryParts) {
    this.#taskPool = parts.taskPool;
    this.#demands = parts.demands;
    this.#order = parts.order;
    this.#allotter = parts.allotter;
    this.#gangs = parts.gangs;
  }

  create(offer: Offer, profile: Profile, limits: readonly Limit<Task>[], nowMs: number): Task {
    const task = new Task(this.#taskPool, offer, profile, nowMs - offer.waitedMs);
    const { onlyAgents, notAgents, dueMs, totalMs } = offer;
    if (onlyAgents.length > 0 || notAgents.length > 0)
      task.demand = this.#demands.narrowed(profile.demand, onlyAgents, notAgents);
    else profile.demand.uses++;
    if (dueMs > 0) task.outcomeDueMs = nowMs + dueMs;
    task.order = ++this.#offered;
    task.rank = this.#order.rankOf(task, task.outcomeDueMs);
    if (totalMs > 0) task.totalDueMs = nowMs + totalMs;
    const stickyKey = offer.stickyKey || profile.stickyKey;
    const contextKey = offer.contextKey || profile.contextKey;
    const { share, gang } = offer;
    if (limits.length > 0 || stickyKey !== "" || contextKey !== "" || (share ?? gang) !== undefined)
      task.extras = extrasOf(limits, { stickyKey, contextKey, share });
    if (gang !== undefined && task.extras !== undefined) task.extras.gang = this.#gangs.join(task, gang);
    this.#allotter.allot(task, nowMs);
    return task;
  }
}
