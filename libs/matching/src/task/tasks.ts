/**
 * The tasks of a pool by token, and when each is checked next.
 *
 * 1. A task is in the table from its offer until it is forgotten. The wheel holds no task that is not in the table.
 * 2. A forgotten task gives back what it uses: its demand, its limits, its place at its sender.
 */
import { assert } from "@tutti/kernel";
import type { Demands } from "../demand/demands.ts";
import type { HookSlot } from "../hooks/task-hooks.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { Wheel } from "../time/wheel.ts";
import type { Task } from "./task.ts";
import { TokenTable } from "./token-table.ts";

/** The parts that Tasks needs. */
export interface TasksParts {
  readonly wheel: Wheel;
  readonly demands: Demands;
  readonly limits: Limits;
  readonly hooks: HookSlot;
}

export class Tasks {
  readonly #table: TokenTable<Task>;
  readonly #wheel: Wheel;
  readonly #demands: Demands;
  readonly #limits: Limits;
  readonly #hooks: HookSlot;

  constructor(seed: number, parts: TasksParts) {
    this.#table = new TokenTable(seed);
    this.#wheel = parts.wheel;
    this.#demands = parts.demands;
    this.#limits = parts.limits;
    this.#hooks = parts.hooks;
  }

  get(token: Uint8Array): Task | undefined {
    return this.#table.get(token);
  }

  add(task: Task): void {
    this.#table.set(task.offer.token, task);
  }

  values(): Iterable<Task> {
    return this.#table.values();
  }

  /** Sets when the task is checked next, by its own times. */
  schedule(task: Task): void {
    const dueMs = task.nextDueMs;
    if (dueMs !== Number.POSITIVE_INFINITY) this.#wheel.set(task.withAlarm(), dueMs);
    else if (task.alarm !== undefined) this.#wheel.remove(task.alarm);
  }

  /** Removes a task that waits nowhere and that no agent runs. */
  remove(task: Task, nowMs: number): void {
    assert(task.agent === undefined && task.share === undefined, "a forgotten task neither waits nor runs", {
      stage: task.stage,
    });
    task.senderSlot?.remove(task);
    if (task.judging?.isHeld === true) this.#hooks.current?.drop(task);
    task.stage = "forgotten";
    this.#table.delete(task.offer.token);
    if (task.alarm !== undefined) this.#wheel.remove(task.alarm);
    const { demand, extras, twin } = task;
    if (twin?.winner !== undefined) this.remove(twin.winner, nowMs);
    if (demand.uses > 1) demand.uses--;
    else this.#demands.release(demand);
    if (extras !== undefined && extras.limits.length > 0) this.#limits.unregister(extras.limits, nowMs);
  }
}
