/** Time, randomness and findings of one run of pools. Nothing in it waits for promises. */
import type { Chance } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { EventQueue } from "../world/event-queue.ts";
import type { Trace } from "../world/trace.ts";
import type { Finding } from "../world/world.ts";
import type { PoolScene } from "./pool-scene.ts";
import type { PoolsPlan } from "./pools-plan.ts";
import type { PoolWeakening } from "./pools-weakenings.ts";

const originMs = 1_000_000;
const eventsMax = 2_000_000;

export class PoolsWorld implements PoolScene {
  readonly plan: PoolsPlan;
  readonly weakening: PoolWeakening;
  readonly chance: Chance;
  readonly #trace: Trace;
  readonly #queue = new EventQueue();
  nowMs = originMs;
  events = 0;
  /** Number of attempts of all senders. */
  attempts = 0;
  finding: Finding | undefined;

  constructor(plan: PoolsPlan, weakening: PoolWeakening, trace: Trace) {
    this.plan = plan;
    this.weakening = weakening;
    this.chance = seededChance(plan.seed + 1);
    this.#trace = trace;
  }

  get elapsedMs(): number {
    return this.nowMs - originMs;
  }

  after(delayMs: number, run: () => void): void {
    this.#queue.add(this.nowMs + Math.max(0, delayMs), run);
  }

  /** Returns a number between the two. */
  draw(fromMs: number, toMs: number): number {
    return fromMs + this.chance.random() * (toMs - fromMs);
  }

  pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.chance.random() * all.length)];
  }

  trace(text: () => string): void {
    if (this.#trace.isOn) this.#trace.line(`${this.elapsedMs.toFixed(1)} ${text()}`);
  }

  /** Records a finding. The first one ends the run. */
  found(check: string, text: string): void {
    this.finding ??= { check, text, atMs: this.elapsedMs };
  }

  /** Runs until nothing is wanted any more, or the time is over. */
  run(untilMs: number, isDone: () => boolean): void {
    while (this.finding === undefined && !isDone()) {
      const next = this.#queue.dequeue();
      if (next === undefined || next.dueMs > originMs + untilMs) return;
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      this.events++;
      if (this.events > eventsMax) this.found("ends", `more than ${eventsMax} events`);
      next.run();
    }
  }
}
