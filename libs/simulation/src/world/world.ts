/**
 * The world of one run: time, future events, and findings.
 *
 * 1. Everything happens by an event of the queue. After each, all promises continue as far as they can. Then
 *    time moves to the next event. So a run follows from its plan alone.
 * 2. Delays are drawn from the seed. They decide the order of messages.
 * 3. The first finding of a check ends the run: later ones would depend on it.
 */
import { type Chance, stableHash } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { EventQueue, type Scheduled } from "./event-queue.ts";
import type { Trace } from "./trace.ts";
import { runTurns } from "./turns.ts";

/** The finding of a check. */
export interface Finding {
  /** Name of the check: `acknowledged`, `once` … */
  readonly check: string;
  readonly text: string;
  readonly atMs: number;
}

/** Wall clocks start here: 2026-01-01T00:00:00Z. */
export const epochMs = 1_767_225_600_000;
/** A run with more events is in an endless loop. */
const eventsMax = 400_000;

export class World {
  readonly seed: number;
  readonly #trace: Trace;
  readonly #queue = new EventQueue();
  readonly #scheduling: Chance;
  #elapsedMs = 0;
  /** Number of events so far. */
  events = 0;
  finding: Finding | undefined;

  constructor(seed: number, trace: Trace) {
    this.seed = seed;
    this.#trace = trace;
    this.#scheduling = this.chanceFor("scheduling");
  }

  /** Milliseconds since the run started. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Returns a separate random stream for each concern: draws of one do not change those of another. */
  chanceFor(concern: string): Chance {
    return seededChance(this.seed + (stableHash(concern) & 0x1f_ffff) * 2 ** 32);
  }

  /** Returns a random delay up to this. */
  drawDelay(upToMs: number): number {
    return this.#scheduling.random() * upToMs;
  }

  after(delayMs: number, run: () => void): Scheduled {
    return this.#queue.add(this.#elapsedMs + Math.max(0, delayMs), run);
  }

  /** Schedules an event at a time, or now if that has passed. */
  at(momentMs: number, run: () => void): Scheduled {
    return this.#queue.add(Math.max(this.#elapsedMs, momentMs), run);
  }

  fail(check: string, text: string): void {
    if (this.finding !== undefined) return;
    this.finding = { check, text, atMs: this.#elapsedMs };
    this.trace("check", () => `${check}: ${text}`);
  }

  /** Adds a line to the trace. The text is made only if the trace is on. */
  trace(source: string, text: () => string): void {
    if (this.#trace.isOn)
      this.#trace.line(`${this.#elapsedMs.toFixed(3).padStart(12)}  ${source.padEnd(10)} ${text()}`);
  }

  /** Runs until it is done, has a finding, has no event left, or the time has come. */
  async run(isDone: () => boolean, untilMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    await runTurns(() => this.#step(isDone, untilMs));
  }

  #step(isDone: () => boolean, untilMs: number): boolean {
    if (this.finding !== undefined || isDone()) return false;
    const next = this.#queue.peek();
    if (next === undefined || next.dueMs > untilMs) {
      if (untilMs !== Number.POSITIVE_INFINITY) this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
      return false;
    }
    this.#queue.dequeue();
    this.#elapsedMs = next.dueMs;
    this.events++;
    if (this.events > eventsMax) {
      this.fail("rest", `more than ${eventsMax} events: something goes round in circles`);
      return false;
    }
    try {
      next.run();
    } catch (error) {
      this.fail("exception", String(error instanceof Error ? (error.stack ?? error) : error));
    }
    return this.finding === undefined;
  }
}
