/** Waiting tasks: in their queue, for a limit, for the agent of their key, for their sender. */
import type { ReturnReason } from "@tutti/contracts/swarm/v1";
import { assert, type Refusal } from "@tutti/kernel";
import type { Demands } from "../demand/demands.ts";
import type { Side } from "../demand/requirements.ts";
import type { HookSlot } from "../hooks/task-hooks.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { LiveSettings } from "../settings.ts";
import type { BoundTasks } from "./bound-tasks.ts";
import type { Orphans } from "./orphans.ts";
import { enqueue, isWaiting, removeFromLimit } from "./queueing.ts";
import type { Extras, Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** The parts that Waiting needs. */
export interface WaitingParts {
  readonly hooks: HookSlot;
  readonly bound: BoundTasks;
  readonly demands: Demands;
  readonly limits: Limits;
  readonly settings: LiveSettings;
  readonly tasks: Tasks;
  readonly orphans: Orphans;
}

export class Waiting {
  readonly #hooks: HookSlot;
  readonly #bound: BoundTasks;
  readonly #demands: Demands;
  readonly #limits: Limits;
  readonly #settings: LiveSettings;
  readonly #tasks: Tasks;
  readonly #orphans: Orphans;
  /** How many tasks wait. */
  count = 0;

  constructor(parts: WaitingParts) {
    this.#hooks = parts.hooks;
    this.#bound = parts.bound;
    this.#demands = parts.demands;
    this.#limits = parts.limits;
    this.#settings = parts.settings;
    this.#tasks = parts.tasks;
    this.#orphans = parts.orphans;
  }

  /** Removes a waiting task from the place where it waits. */
  #dequeue(task: Task, nowMs: number): void {
    const { stage, share, extras } = task;
    if (stage === "queued") {
      task.share = undefined;
      share?.remove(task);
    } else if (stage === "limited")
      extras?.limits.find((limit) => limit.id === extras.waitsFor)?.removeWaiting(task);
    if (stage === "hooked") this.#hooks.current?.drop(task);
    if (stage === "ganged") extras?.gang?.release(task);
    if (extras !== undefined) {
      this.#returnTurn(task, extras, nowMs);
      this.#bound.unbind(task, extras);
    }
  }

  /** Changes the reservations that a task may use, wherever it waits. */
  changeSide(task: Task, side: Side | undefined, nowMs: number): void {
    const { demand: before } = task;
    if (before.fit.side === side) return;
    const isInLine = task.stage === "limited" || task.share !== undefined;
    if (task.stage === "limited") removeFromLimit(task, nowMs);
    if (isInLine) {
      task.stage = "queued";
      this.#dequeue(task, nowMs);
    }
    // After removal from its queue, the task has the demand from before it was bound.
    const { demand } = task;
    task.demand = this.#demands.sided(demand, side);
    this.#demands.release(demand);
    if (isInLine) enqueue(task);
  }

  /** Lets a new task wait for an agent, or first for hooks. */
  admit(task: Task): void {
    if (this.#hooks.current?.receives(task) === true) task.stage = "hooked";
    else enqueue(task);
  }

  /** Moves a task to the line of a full limit, if any. Returns whether it waits there. */
  holdForLimit(task: Task, extras: Extras, nowMs: number): boolean {
    const full = this.#limits.fullOf(extras.limits, nowMs, task.demand);
    if (full === undefined) return false;
    task.share?.remove(task);
    task.share = undefined;
    const isReturned = extras.wokenBy === full;
    this.#returnTurn(task, extras, nowMs);
    this.#bound.unbind(task, extras);
    task.stage = "limited";
    extras.waitsFor = full.id;
    extras.waitsSinceMs = nowMs;
    full.wait(task, isReturned);
    this.#limits.wake(full, nowMs);
    return true;
  }

  /** Lets another task use the turn of a limit that this task does not use. */
  #returnTurn(task: Task, extras: Extras, nowMs: number): void {
    const { wokenBy } = extras;
    if (wokenBy === undefined) return;
    extras.wokenBy = undefined;
    wokenBy.unwake(extras.unbound ?? task.demand);
    this.#limits.wake(wokenBy, nowMs);
  }

  /** Removes a task from its queue and its limits because it is assigned. */
  dequeueAssigned(task: Task): void {
    const { share, extras } = task;
    task.share = undefined;
    share?.grant(task);
    this.count--;
    if (extras === undefined) return;
    const { wokenBy } = extras;
    if (wokenBy !== undefined) {
      extras.wokenBy = undefined;
      wokenBy.unwake(extras.unbound ?? task.demand);
    }
    this.#bound.unbind(task, extras);
  }

  /** Suspends a waiting task until its absent sender offers it again. */
  orphan(task: Task, nowMs: number): void {
    if (isWaiting(task) && task.stage !== "away") {
      this.#dequeue(task, nowMs);
      task.stage = "away";
    }
    task.orphanDueMs = nowMs + this.#settings.current.orphanMs;
    this.#orphans.add(task, nowMs);
    this.#tasks.schedule(task);
  }

  /** Returns a waiting task to its sender. */
  returnToSender(
    task: Task,
    reason: ReturnReason,
    error: Refusal | undefined,
    retryAfterMs: number,
    nowMs: number,
  ): void {
    const { senderSlot, offer } = task;
    senderSlot?.stream.returned(senderSlot.pool, offer.token, reason, error, retryAfterMs);
    this.discard(task, nowMs);
  }

  /** Removes a waiting task because an agent already runs it. */
  removeRunning(task: Task, nowMs: number): void {
    this.#dequeue(task, nowMs);
    // Hooks agreed before its agent got it: an open question holds neither the attempt nor its result.
    if (task.judging?.isHeld === true) this.#hooks.current?.release(task);
    this.count--;
  }

  /** Forgets a waiting task. */
  discard(task: Task, nowMs: number): void {
    this.removeRunning(task, nowMs);
    this.#tasks.remove(task, nowMs);
  }

  /** Queues a task again that was assigned and did not start. */
  requeue(task: Task, nowMs: number): void {
    const { stage, twin } = task;
    assert(
      stage === "working" && twin?.copy === undefined,
      "a task that waits again was running, without a copy",
      { stage },
    );
    this.count++;
    enqueue(task);
    if (task.senderSlot === undefined) this.orphan(task, nowMs);
    else this.#tasks.schedule(task);
  }
}
