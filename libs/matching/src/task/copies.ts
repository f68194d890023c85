/**
 * Second copies of attempts that take much longer than usual. The first success of the two counts.
 *
 * 1. A copy is an attempt with a token of its own, known only to this pool and its agent. The sender sees one
 *    attempt.
 * 2. A copy starts only at another agent, if no task waits for the slot, and within the share of all slots
 *    that copies may take. A task with limits has no copy: it would count once and run twice.
 * 3. While both are running, a failure or loss of one is not reported: the outcome of the other is that of
 *    the attempt.
 * 4. When one of them counts, the other is asked to end. A copy that counted is known by its token until the
 *    outcome is durable, since its agent keeps the result until then.
 */

import type { LearnedTimes } from "../match/learned-times.ts";
import type { LiveSettings } from "../settings.ts";
import type { Running } from "./running.ts";
import type { Task, Twin } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** The parts that Copies needs. */
export interface CopiesParts {
  readonly settings: LiveSettings;
  readonly times: LearnedTimes;
  readonly tasks: Tasks;
  readonly running: Running;
}

export class Copies {
  readonly #settings: LiveSettings;
  readonly #times: LearnedTimes;
  readonly #tasks: Tasks;
  readonly #running: Running;

  /** Running tasks that have taken long enough for a second copy. */
  readonly stragglers: Task[] = [];
  /** How many tasks have a running copy. */
  count = 0;

  constructor(parts: CopiesParts) {
    this.#settings = parts.settings;
    this.#times = parts.times;
    this.#tasks = parts.tasks;
    this.#running = parts.running;
  }

  /** Schedules the time when a task that an agent was just given becomes a straggler. */
  watch(task: Task, nowMs: number): void {
    const { profile, extras, twin } = task;
    const { doubling } = this.#settings.current;
    if (!profile.mayBeDoubled || !doubling.enabled || twin?.original !== undefined) return;
    if (extras !== undefined && extras.limits.length > 0) return;
    const usualMs = this.#times.quantileMs(task.demand.requirements.capability, doubling.quantile);
    if (usualMs === undefined) return;
    task.twin = twinOf(undefined, nowMs + usualMs);
    this.#tasks.schedule(task);
  }

  /** Notes a straggler. It is handled after all waiting tasks: a slot that is free then is really free. */
  addStraggler(task: Task, nowMs: number): void {
    const { twin } = task;
    if (twin === undefined || twin.straggleDueMs > nowMs) return;
    twin.straggleDueMs = never;
    this.stragglers.push(task);
  }

  /** Cancels a copy that is no longer wanted. Only its agent is informed. */
  cancel(copy: Task, reason: string, nowMs: number): void {
    this.separate(copy);
    this.#running.cancel(copy, reason, this.#settings.current.graceMs, nowMs);
    copy.stage = "forgotten";
    if (copy.agent === undefined) this.#tasks.remove(copy, nowMs);
    else this.#tasks.schedule(copy);
  }

  /** Discards a copy that has failed or lost its agent. The original continues alone. */
  discard(copy: Task, nowMs: number): void {
    this.separate(copy);
    this.#running.detach(copy, true, nowMs);
    this.#tasks.remove(copy, nowMs);
  }

  /** Lets the running copy of a failed or lost task continue alone. Returns false if there is none. */
  promoteCopy(task: Task, nowMs: number): boolean {
    if (task.twin?.copy === undefined) return false;
    this.#running.detach(task, true, nowMs);
    this.#tasks.schedule(task);
    return true;
  }

  /** Separates a copy from its original. */
  separate(copy: Task): void {
    const twin = copy.twin?.original?.twin;
    if (twin?.copy !== copy) return;
    twin.copy = undefined;
    this.count--;
  }
}

const never = Number.POSITIVE_INFINITY;

export function twinOf(original: Task | undefined, straggleDueMs: number): Twin {
  return { original, straggleDueMs, copy: undefined, winner: undefined };
}
