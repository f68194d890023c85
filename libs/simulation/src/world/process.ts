/**
 * A process as far as the system sees it: it runs, it stands still for a while, it dies.
 *
 * 1. All that its code does outside of itself goes through its ports, and each port asks `cross` first. So a death or a
 *    pause can come between any two things that it does, in the middle of a function too.
 * 2. What a dead life asks for does not happen, and nothing calls it any more: its promises stay open for ever.
 * 3. While it stands still, its clocks continue: when it moves again it is later. In the middle of a function that is
 *    done by letting it see the later time at once and letting nothing that it does get out before then.
 */
import type { Clock, Timer, Timers } from "@tutti/kernel";
import { epochMs, type World } from "./world.ts";

export type CrashKind = "process" | "power";

/** One life of a process: from its start to its death. */
export class Life implements Clock, Timers {
  readonly name: string;
  readonly number: number;
  readonly #world: World;
  readonly #onDeath: (how: CrashKind) => void;
  #isAlive = true;
  #standsStillUntilMs = 0;
  #wallClockOffsetMs: number;
  #crossingsToDeath = Number.POSITIVE_INFINITY;
  #crossingsToPause = Number.POSITIVE_INFINITY;
  #pauseMs = 0;
  #howItDies: CrashKind = "process";

  constructor(
    world: World,
    name: string,
    number: number,
    wallClockOffsetMs: number,
    onDeath: (how: CrashKind) => void,
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

  /** What its own clock says, in milliseconds of the run: ahead of the world while it stands still. */
  get localMs(): number {
    return Math.max(this.#world.elapsedMs, this.#standsStillUntilMs);
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

  /** Calls back in this life, not before the delay has passed on its clock, and never once it is dead. */
  schedule(delayMs: number, run: () => void): Timer {
    if (!this.#isAlive) return dead;
    let isCancelled = false;
    const attempt = (): void => {
      if (isCancelled || !this.#isAlive) return;
      if (this.#world.elapsedMs < this.#standsStillUntilMs) this.#world.at(this.#standsStillUntilMs, attempt);
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

  /** Something that this process causes outside of itself: not before the moment that its clock shows. */
  emit(delayMs: number, run: () => void): void {
    if (!this.#isAlive) return;
    this.#world.at(this.localMs + delayMs, run);
  }

  /** Asked by every port: false when the process is dead, and the action must not happen. */
  cross(): boolean {
    if (!this.#isAlive) return false;
    if (--this.#crossingsToPause < 0) {
      this.#crossingsToPause = Number.POSITIVE_INFINITY;
      this.pause(this.#pauseMs);
    }
    if (--this.#crossingsToDeath >= 0) return true;
    this.#crossingsToDeath = Number.POSITIVE_INFINITY;
    this.die(this.#howItDies);
    return false;
  }

  /** It dies after so many of the things it does. */
  dieIn(crossings: number, how: CrashKind): void {
    this.#crossingsToDeath = crossings;
    this.#howItDies = how;
  }

  /** It stands still after so many of the things it does. */
  pauseIn(crossings: number, ms: number): void {
    this.#crossingsToPause = crossings;
    this.#pauseMs = ms;
  }

  pause(ms: number): void {
    if (!this.#isAlive) return;
    this.#standsStillUntilMs = Math.max(this.localMs, this.#world.elapsedMs + ms);
    this.#world.note(this.name, () => `stands still for ${ms} ms`);
  }

  die(how: CrashKind): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#world.note(this.name, () => `dies (${how})`);
    this.#onDeath(how);
  }

  /** It has ended by itself. */
  end(): void {
    this.#isAlive = false;
  }

  /** The clock is set of the machine. */
  setWallClock(offsetMs: number): void {
    this.#wallClockOffsetMs = offsetMs;
  }

  /** No more pauses and deaths that were asked for. */
  settleDown(): void {
    this.#crossingsToDeath = Number.POSITIVE_INFINITY;
    this.#crossingsToPause = Number.POSITIVE_INFINITY;
  }
}

const dead: Timer = { cancel() {} };
