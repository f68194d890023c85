/** A gang: tasks of one work that start together or not at all. */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Gang as OfferedGang } from "@tutti/contracts/swarm/v1";
import type { Task, TaskGang } from "../task/task.ts";

/** Notified when the members of a gang have changed. */
export interface GangWatch {
  changed(gang: Gang): void;
}

/** The members of a gang in this pool, as far as the sender decides when they start. */
class GangPart {
  /** Number of the last executed order. 0 before the first one. */
  order = 0;
  /** True if the members may hold places. */
  seeks = false;
  /** Until when their places are reserved. */
  reservedUntilMs = 0;
  /** True if the members start in this turn, provided that each has a place. */
  mayStart = false;
  /** Whether each waiting member has a place, and whether the places are reserved. */
  hasPlaces = false;
  isReserved = false;
  /** Number of running members that have started. */
  started = 0;
  /** The stream of the last report, and the report. */
  stream: unknown = undefined;
  reported = "";

  /** Resets the part: it waits for orders. */
  rest(): void {
    this.seeks = false;
    this.reservedUntilMs = 0;
    this.mayStart = false;
  }
}

export class Gang implements TaskGang {
  readonly key: string;
  readonly name: string;
  readonly #watch: GangWatch;
  /** Members in this pool that have not ended, by the newest offer. */
  size = 0;
  /** Members in other pools that have not ended, by the newest offer. */
  remoteSize = 0;
  /** The orders of the sender for a gang with members elsewhere. */
  readonly part = new GangPart();
  /** Waiting members, apart from the queues. */
  readonly waiting = new Set<Task>();
  /** Members at agents, until the gang has started. */
  readonly running = new Set<Task>();
  /** Members whose work knows that all others have started. */
  readonly #late = new WeakSet<Task>();
  /** Members that an agent had before this pool knew them. */
  readonly #claimed = new WeakSet<Task>();
  /** True once all members have started: a member that comes again goes by itself. */
  isStarted = false;
  /** True if a member ended before all had started. */
  isBroken = false;
  /** Position in the line. 0 before the first one. */
  order = 0;

  constructor(key: string, name: string, watch: GangWatch) {
    this.key = key;
    this.name = name;
    this.#watch = watch;
  }

  /** Adds a member that is offered. */
  join(task: Task, { size, elsewhere, started: isLate }: OfferedGang): void {
    this.size = size;
    this.remoteSize = elsewhere;
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

  /** Whether all waiting members know that all others have started, and the others are running. */
  get isRejoined(): boolean {
    if (this.running.size === 0 || this.waiting.size + this.running.size < this.size) return false;
    return this.isLate;
  }

  /** Whether all waiting members know that all others have started. */
  get isLate(): boolean {
    for (const task of this.waiting) if (!this.#late.has(task)) return false;
    return true;
  }

  /** Whether the running members have to wait for the others again. */
  get isTorn(): boolean {
    if (this.running.size === 0) return false;
    return this.isBroken || (this.waiting.size > 0 && this.waiting.size + this.running.size >= this.size);
  }

  /** Forgets members that no agent has any more. Returns whether all remaining members have started. */
  refresh(): boolean {
    let started = 0;
    for (const task of this.running) {
      if (task.stage === "working") {
        if (!task.yields && (task.startedMs > 0 || this.#claimed.has(task))) started++;
        continue;
      }
      this.running.delete(task);
      if (isDone(task.result)) this.size--;
      else this.isBroken = true;
    }
    this.part.started = started;
    const hasAllStarted = this.waiting.size === 0 && started === this.running.size && started >= this.size;
    return hasAllStarted && !this.isBroken;
  }

  /** Whether a member waits or runs. */
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
