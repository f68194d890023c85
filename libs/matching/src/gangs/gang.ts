/** A gang: tasks of one work that start together or not at all. */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Task, TaskGang } from "../task/task.ts";

/** Hears that the members of a gang have changed. */
export interface GangWatch {
  changed(gang: Gang): void;
}

export class Gang implements TaskGang {
  readonly key: string;
  readonly name: string;
  readonly #watch: GangWatch;
  /** Members that have not ended, as the newest offer says. */
  size = 0;
  /** Members that wait, apart from the queues. */
  readonly waiting = new Set<Task>();
  /** Members that agents have, as far as the gang has not started. */
  readonly running = new Set<Task>();
  /** Members whose work knows that all others have started. */
  readonly #late = new WeakSet<Task>();
  /** Members that an agent had before this pool knew them. */
  readonly #claimed = new WeakSet<Task>();
  /** All members have started: one that comes again goes by itself. */
  isStarted = false;
  /** A member ended before all had started. */
  isBroken = false;
  /** Its place in the line. 0 before its first one. */
  order = 0;

  constructor(key: string, name: string, watch: GangWatch) {
    this.key = key;
    this.name = name;
    this.#watch = watch;
  }

  /** A member is offered. `isLate`: its work knows that all others have started. */
  join(task: Task, size: number, isLate: boolean): void {
    this.size = size;
    if (isLate) this.#late.add(task);
    if (this.isStarted) this.running.add(task);
  }

  hold(task: Task): boolean {
    if (this.isStarted) return false;
    task.stage = "ganged";
    task.demand.ganged++;
    this.running.delete(task);
    this.waiting.add(task);
    this.#watch.changed(this);
    return true;
  }

  release(task: Task): void {
    if (!this.waiting.delete(task)) return;
    task.demand.ganged--;
    this.#watch.changed(this);
  }

  dismiss(task: Task): void {
    if (this.isStarted) return;
    this.size--;
    this.running.delete(task);
    this.#watch.changed(this);
  }

  claim(task: Task): void {
    if (this.isStarted) return;
    this.#claimed.add(task);
    this.running.add(task);
    this.#watch.changed(this);
  }

  /** Whether all members wait. */
  get isComplete(): boolean {
    return !this.isStarted && this.running.size === 0 && this.size > 0 && this.waiting.size >= this.size;
  }

  /** Whether only members wait whose work knows that all others have started, and these are running. */
  get isRejoined(): boolean {
    if (this.running.size === 0 || this.waiting.size + this.running.size < this.size) return false;
    for (const task of this.waiting) if (!this.#late.has(task)) return false;
    return true;
  }

  /** Whether those that run have to wait for the others again. */
  get isTorn(): boolean {
    if (this.running.size === 0) return false;
    return this.isBroken || (this.waiting.size > 0 && this.waiting.size + this.running.size >= this.size);
  }

  /** Forgets members that agents have no longer. Returns whether all that are left have started. */
  settle(): boolean {
    let begun = 0;
    for (const task of this.running) {
      if (task.stage === "working") {
        if (!task.yields && (task.begunMs > 0 || this.#claimed.has(task))) begun++;
        continue;
      }
      this.running.delete(task);
      if (isDone(task.result)) this.size--;
      else this.isBroken = true;
    }
    const isWhole = this.waiting.size === 0 && begun === this.running.size && begun >= this.size;
    return isWhole && !this.isBroken;
  }

  /** Whether a member of it waits or runs. */
  get isAlive(): boolean {
    if (this.waiting.size > 0) return true;
    for (const { stage } of this.running) if (stage === "working") return true;
    return false;
  }
}

function isDone(result: Result | undefined): boolean {
  const ends = result?.outcome?.$case;
  return ends !== undefined && ends !== "failed" && ends !== "stopped" && ends !== "busy";
}
