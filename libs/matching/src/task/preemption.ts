/**
 * Running work that gives way to more urgent work, if the settings of the pool allow it.
 *
 * 1. Each new waiting task is checked once, after all possible assignments. If no agent has room for it, one
 *    attempt that is sufficiently less urgent is asked to end: the least urgent one, and among equals the
 *    youngest.
 * 2. An attempt that gives way has not failed. If it is not done in time, its task waits again with its saved
 *    state.
 * 3. Only work of the same namespace gives way to a task: urgent work of one tenant ends no work of another.
 * 4. The task waits again in a later turn. By then its agent has received the end of the attempt, and may get
 *    the task again.
 */

import type { Agent } from "../agents/agent.ts";
import { isEverFit, isFit } from "../demand/fit.ts";
import type { Demand } from "../demand/matches.ts";
import type { LiveSettings } from "../settings.ts";
import type { TaskOrder } from "./order.ts";
import type { Running } from "./running.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

/** The parts that Preemption needs. */
export interface PreemptionParts {
  readonly settings: LiveSettings;
  readonly running: Running;
  readonly tasks: Tasks;
  readonly order: TaskOrder;
  readonly waiting: Waiting;
}

export class Preemption {
  readonly #settings: LiveSettings;
  readonly #running: Running;
  readonly #tasks: Tasks;
  readonly #order: TaskOrder;
  readonly #waiting: Waiting;

  /** New waiting tasks that may be more urgent than running work. */
  readonly #urgent: Task[] = [];

  constructor(parts: PreemptionParts) {
    this.#settings = parts.settings;
    this.#running = parts.running;
    this.#tasks = parts.tasks;
    this.#order = parts.order;
    this.#waiting = parts.waiting;
  }

  /** Notes a waiting task that may be more urgent than running tasks. */
  add(task: Task): void {
    if (this.#settings.current.preemption.priorityDifference > 0) this.#urgent.push(task);
  }

  /** Makes less urgent work give way to noted tasks that found no room. */
  run(nowMs: number): void {
    if (this.#urgent.length === 0) return;
    const { graceMs } = this.#settings.current.preemption;
    /** The highest priority for which no task gave way, by demand: of many equal tasks one is checked. */
    const fruitless = new Map<Demand, number>();
    for (const task of this.#urgent.splice(0)) {
      const { demand, priority } = task;
      if (task.stage !== "queued" || priority <= (fruitless.get(demand) ?? Number.NEGATIVE_INFINITY))
        continue;
      const victim = this.#leastUrgent(task, nowMs);
      if (victim === undefined) {
        fruitless.set(demand, priority);
        continue;
      }
      victim.yields = true;
      const reason = `preempted by ${task.offer.workId}/${task.offer.taskId}, which has a higher priority`;
      victim.agent?.link?.outgoing.cancels.push({ token: victim.offer.token, reason, graceMs });
    }
  }

  #leastUrgent(task: Task, nowMs: number): Task | undefined {
    const { priorityDifference, spareAfterMs } = this.#settings.current.preemption;
    const most = task.priority - priorityDifference;
    let least: Task | undefined;
    let checked = 0;
    for (const { cohort } of task.demand.matches) {
      for (const agent of cohort.agents) {
        if (++checked > agentsCheckedMax) return least;
        if (!agent.isAble || !isEverFit(agent, task.demand.fit)) continue;
        for (const other of this.#running.tasksOf(agent)) {
          const isSpared = spareAfterMs > 0 && nowMs - other.assignedMs >= spareAfterMs;
          if (other.priority > most || isSpared || !mayYield(other, agent, task)) continue;
          if (least === undefined || isLessUrgent(other, least)) least = other;
        }
      }
    }
    return least;
  }

  /** Takes a task from an agent that has given it up. */
  detach(task: Task, nowMs: number): void {
    this.#running.detach(task, true, nowMs, "yielded");
    this.#tasks.schedule(task);
  }

  /** Queues a task again, behind those that it gave way to. */
  requeue(task: Task, nowMs: number): void {
    task.yields = false;
    task.rank = this.#order.rankOf({ readyMs: nowMs, priority: task.priority }, task.outcomeDueMs);
    this.#waiting.requeue(task, nowMs);
  }
}

/** Number of agents that are checked for one task. */
const agentsCheckedMax = 256;

/** Returns whether a running task can give way and leaves its agent enough room for the other. */
function mayYield(other: Task, agent: Agent, task: Task): boolean {
  if (other.stage !== "working" || other.yields || other.twin?.original !== undefined) return false;
  // The other members of its gang would wait for it.
  if (other.extras?.gang !== undefined) return false;
  if (other.twin?.copy !== undefined || other.profile.namespace !== task.profile.namespace) return false;
  const { fit } = task.demand;
  if (isFit(agent, fit)) return true;
  // Ending a task does not help against a reservation.
  if (fit.side?.admits(agent, fit) === false) return false;
  return fit.resources.every(([name, amount]) => {
    const own = other.demand.fit.resources.find(([resource]) => resource === name)?.[1] ?? 0;
    return agent.freeOf(name) + own >= amount;
  });
}

function isLessUrgent(one: Task, other: Task): boolean {
  return (
    one.priority < other.priority || (one.priority === other.priority && one.assignedMs > other.assignedMs)
  );
}
