/**
 * Executes the orders of senders about the tasks that they have offered. Each method returns whether the pool
 * knows the token.
 */

import type { Cancel, Extend } from "@tutti/contracts/agent/v1";
import { type GangOrder, type PriorityChange, ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Gangs } from "../gangs/gangs.ts";
import type { SenderSlot } from "../offers/sender-slot.ts";
import type { Claims } from "./claims.ts";
import { moveInOrder, type TaskOrder } from "./order.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Preemption } from "./preemption.ts";
import { isWaiting } from "./queueing.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

const never = Number.POSITIVE_INFINITY;
const { RETURN_REASON_RECALLED } = ReturnReason;

/** The parts that SenderOrders needs. */
export interface SenderOrdersParts {
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly claims: Claims;
  readonly outcomes: Outcomes;
  readonly order: TaskOrder;
  readonly preemption: Preemption;
  readonly gangs: Gangs;
}

export class SenderOrders {
  readonly #tasks: Tasks;
  readonly #waiting: Waiting;
  readonly #claims: Claims;
  readonly #outcomes: Outcomes;
  readonly #order: TaskOrder;
  readonly #preemption: Preemption;
  readonly #gangs: Gangs;

  constructor(parts: SenderOrdersParts) {
    this.#tasks = parts.tasks;
    this.#waiting = parts.waiting;
    this.#claims = parts.claims;
    this.#outcomes = parts.outcomes;
    this.#order = parts.order;
    this.#preemption = parts.preemption;
    this.#gangs = parts.gangs;
  }

  /** Returns an offer to its sender if it has not been assigned. */
  recall(senderSlot: SenderSlot<Task>, token: Uint8Array, nowMs: number): boolean {
    const task = this.#tasks.get(token);
    if (task?.senderSlot !== senderSlot) return false;
    if (isWaiting(task)) this.#waiting.returnToSender(task, RETURN_REASON_RECALLED, undefined, 0, nowMs);
    return true;
  }

  /**
   * Releases a task that another owner of the work offers next. An agent continues with it, a result is kept,
   * and a queued task goes to no agent before that offer.
   */
  release(senderSlot: SenderSlot<Task>, token: Uint8Array, nowMs: number): boolean {
    const task = this.#tasks.get(token);
    if (task === undefined) return false;
    if (task.senderSlot !== senderSlot) return true;
    senderSlot.remove(task);
    this.#waiting.orphan(task, nowMs);
    return true;
  }

  /**
   * Cancels a task that its sender does not want any more, wherever it is. A task that another sender has
   * offered since stays: a sender that stalled gives up late what it has lost.
   */
  cancel(senderSlot: SenderSlot<Task>, { token, reason, graceMs }: Cancel, nowMs: number): boolean {
    const task = this.#tasks.get(token);
    if (task === undefined) return this.#claims.cancel(token, reason, graceMs);
    if (task.senderSlot !== undefined && task.senderSlot !== senderSlot) return true;
    task.extras?.gang?.dismiss(task);
    if (isWaiting(task)) this.#waiting.discard(task, nowMs);
    else if (task.stage === "working") this.#outcomes.abandon(task, reason, graceMs, nowMs);
    else if (task.stage === "ended") this.#outcomes.confirm(task, nowMs);
    return true;
  }

  extend(extension: Extend, nowMs: number): boolean {
    const task = this.#tasks.get(extension.token);
    if (task === undefined) return false;
    const { runMs, totalMs } = extension;
    task.runMs = runMs;
    task.runFromMs = nowMs;
    task.totalDueMs = totalMs > 0 ? nowMs + totalMs : never;
    if (task.stage === "working") task.agent?.link?.outgoing.extensions.push(extension);
    this.#tasks.schedule(task);
    return true;
  }

  /** Executes the order of a sender about a gang with members in several pools. */
  gang(senderSlot: SenderSlot<Task>, order: GangOrder, nowMs: number): boolean {
    const task = this.#tasks.get(order.token);
    if (task?.senderSlot !== senderSlot) return false;
    this.#gangs.order(task, order, nowMs);
    return true;
  }

  prioritize({ token, priority }: PriorityChange): boolean {
    const task = this.#tasks.get(token);
    if (task === undefined) return false;
    task.priority = priority;
    task.rank = this.#order.rankOf(task, task.outcomeDueMs);
    moveInOrder(task);
    this.#preemption.add(task);
    return true;
  }
}
