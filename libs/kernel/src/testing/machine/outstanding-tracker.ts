import type { Outstanding } from "../../machine/machine.ts";
import { expect } from "./violation.ts";

export interface OutstandingEffect {
  readonly number: number;
  readonly attempt: number;
  readonly effect: unknown;
}

/** The outstanding work of one instance, collected from the notes of folds. */
export class OutstandingTracker implements Outstanding<unknown> {
  readonly #effects = new Map<number, OutstandingEffect>();
  readonly #timers = new Map<number, number>();
  /** The highest attempt per number so far: an issued token never becomes valid again. */
  readonly #attempts = new Map<number, number>();
  readonly #location: () => string;

  constructor(location: () => string) {
    this.#location = location;
  }

  effect(number: number, attempt: number, effect: unknown): void {
    const before = this.#attempts.get(number) ?? 0;
    // An outstanding effect may be changed.
    const isAmended = this.#effects.get(number)?.attempt === attempt;
    expect(
      isCount(number) && isCount(attempt) && (isAmended || attempt > before),
      this.#location(),
      `expected effect ${number} in an attempt above ${before}, got attempt ${attempt}; a result of the earlier one would count for it`,
    );
    this.#attempts.set(number, attempt);
    this.#effects.set(number, { number, attempt, effect });
  }

  settled(number: number): void {
    this.#effects.delete(number);
  }

  timer(number: number, dueMs: number): void {
    expect(
      isCount(number) && Number.isFinite(dueMs) && dueMs >= 0,
      this.#location(),
      `expected a timer's number and moment, got ${number} and ${dueMs}`,
    );
    this.#timers.set(number, dueMs);
  }

  cleared(number: number): void {
    this.#timers.delete(number);
  }

  get effects(): readonly OutstandingEffect[] {
    return [...this.#effects.values()].sort((a, b) => a.number - b.number);
  }

  get timers(): readonly { readonly number: number; readonly dueMs: number }[] {
    return [...this.#timers]
      .map(([number, dueMs]) => ({ number, dueMs }))
      .sort((a, b) => a.dueMs - b.dueMs || a.number - b.number);
  }

  /** Everything, for comparisons. */
  get all(): unknown {
    return { effects: this.effects, timers: this.timers };
  }

  awaits(number: number, attempt: number): boolean {
    return this.#effects.get(number)?.attempt === attempt;
  }
}

const numberMax = 0xffff_ffff;

function isCount(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= numberMax;
}
