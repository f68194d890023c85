/**
 * A process as the system sees it: it runs, pauses, and dies.
 *
 * 1. All external actions of its code go through its ports, and each port calls `cross` first. So a death or
 *    a pause can happen between any two actions, also in the middle of a function.
 * 2. Actions of a dead life have no effect, and nothing calls it any more: its promises stay pending for
 *    ever.
 * 3. In a pause its clocks continue. In the middle of a function, the process sees the later time at once,
 *    and its actions have no effect before that time.
 */
import type { Clock, Timer, Timers } from "@tutti/kernel";
import { epochMs, type World } from "./world.ts";

export type CrashKind = "process" | "power";

/** One life of a process: from its start to its death. */
export class Life implements Clock, Timers {
  readonly name: string;
  readonly number: number;
  readonly #world: World;
  readonly #onDeath: (kind: CrashKind) => void;
  #isAlive = true;
  #pausedUntilMs = 0;
  #wallClockOffsetMs: number;
  #crossingsToDeath = Number.POSITIVE_INFINITY;
  #crossingsToPause = Number.POSITIVE_INFINITY;
  #pauseMs = 0;
  #crashKind: CrashKind = "process";

  constructor(
    world: World,
    name: string,
    number: number,
    wallClockOffsetMs: number,
    onDeath: (kind: CrashKind) => void,
  ) {
    this.#world = world;
    this.name = name;
    this.number = number;
    this.#wallClockOffsetMs = wallClockOffsetMs;
    this.#onDeath = onDeath;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** The time of its own clock, in milliseconds of the run: ahead of the world in a pause. */
  get localMs(): number {
    return Math.max(this.#world.elapsedMs, this.#pausedUntilMs);
  }

  now(): number {
    this.cross();
    return Math.floor(epochMs + this.localMs + this.#wallClockOffsetMs);
  }

  monotonic(): number {
    this.cross();
    return this.localMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.schedule(delayMs, callback);
  }

  every(periodMs: number, callback: () => void): Timer {
    let isCancelled = false;
    let timer: Timer;
    const fire = (): void => {
      callback();
      if (!isCancelled) timer = this.after(periodMs, fire);
    };
    timer = this.after(periodMs, fire);
    return {
      cancel() {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  /** Calls back in this life, after the delay on its clock, and never after its death. */
  schedule(delayMs: number, run: () => void): Timer {
    if (!this.#isAlive) return dead;
    let isCancelled = false;
    const attempt = (): void => {
      if (isCancelled || !this.#isAlive) return;
      if (this.#world.elapsedMs < this.#pausedUntilMs) this.#world.at(this.#pausedUntilMs, attempt);
      else run();
    };
    const first = this.#world.at(this.localMs + delayMs, attempt);
    return {
      cancel() {
        isCancelled = true;
        first.cancelled = true;
      },
    };
  }

  /** Schedules an external effect of this process: not before the time of its clock. */
  emit(delayMs: number, run: () => void): void {
    if (!this.#isAlive) return;
    this.#world.at(this.localMs + delayMs, run);
  }

  /** Called by every port. Returns false if the process is dead: then the action must not happen. */
  cross(): boolean {
    if (!this.#isAlive) return false;
    if (--this.#crossingsToPause < 0) {
      this.#crossingsToPause = Number.POSITIVE_INFINITY;
      this.pause(this.#pauseMs);
    }
    if (--this.#crossingsToDeath >= 0) return true;
    this.#crossingsToDeath = Number.POSITIVE_INFINITY;
    this.die(this.#crashKind);
    return false;
  }

  /** Schedules its death after a number of actions. */
  dieIn(crossings: number, kind: CrashKind): void {
    this.#crossingsToDeath = crossings;
    this.#crashKind = kind;
  }

  /** Schedules a pause after a number of actions. */
  pauseIn(crossings: number, ms: number): void {
    this.#crossingsToPause = crossings;
    this.#pauseMs = ms;
  }

  pause(ms: number): void {
    if (!this.#isAlive) return;
    this.#pausedUntilMs = Math.max(this.localMs, this.#world.elapsedMs + ms);
    this.#world.trace(this.name, () => `pauses for ${ms} ms`);
  }

  die(kind: CrashKind): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#world.trace(this.name, () => `dies (${kind})`);
    this.#onDeath(kind);
  }

  /** Records an exit of the process itself. */
  exit(): void {
    this.#isAlive = false;
  }

  /** Sets the clock of the machine. */
  setWallClock(offsetMs: number): void {
    this.#wallClockOffsetMs = offsetMs;
  }

  /** Cancels scheduled pauses and deaths. */
  settleDown(): void {
    this.#crossingsToDeath = Number.POSITIVE_INFINITY;
    this.#crossingsToPause = Number.POSITIVE_INFINITY;
  }
}

const dead: Timer = { cancel() {} };
