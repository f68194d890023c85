/**
 * Due times of starts. They depend only on the scenario and not on the speed of replies: a slow platform does not get
 * less load, and its waits are measured.
 */
import type { Phase } from "./scenario.ts";

/** Returns how many starts are due from the start of a phase to a time within it. */
function dueWithin({ durationMs, ratePerS, toRatePerS }: Phase, atMs: number): number {
  const [at, total] = [Math.min(Math.max(0, atMs), durationMs) / 1000, durationMs / 1000];
  return ratePerS * at + ((toRatePerS - ratePerS) * at * at) / (2 * total);
}

/** Returns the time within a phase at which `count` starts are due. The rate is linear, so its sum is a parabola. */
function momentOf(phase: Phase, count: number): number {
  const { durationMs, ratePerS, toRatePerS } = phase;
  const slope = ((toRatePerS - ratePerS) / durationMs) * 1000;
  if (Math.abs(slope) < 1e-9) return (count / ratePerS) * 1000;
  return ((Math.sqrt(Math.max(0, ratePerS * ratePerS + 2 * slope * count)) - ratePerS) / slope) * 1000;
}

export interface Arrival {
  /** From 0. */
  readonly number: number;
  /** Milliseconds since the start of the scenario. */
  readonly atMs: number;
  readonly phase: Phase;
}

/**
 * Generates the starts of all phases in order. A fraction of a start at the end of a phase carries over to the next.
 */
export function* arrivalsOf(phases: readonly Phase[]): Generator<Arrival, void, void> {
  let number = 0;
  let fromMs = 0;
  let remainder = 0;
  for (const phase of phases) {
    const due = remainder + dueWithin(phase, phase.durationMs);
    const whole = Math.floor(due + 1e-9);
    for (let count = 1; count <= whole; count += 1) {
      const atMs = Math.min(phase.durationMs, momentOf(phase, count - remainder));
      yield { number: number++, atMs: fromMs + atMs, phase };
    }
    remainder = Math.max(0, due - whole);
    fromMs += phase.durationMs;
  }
}
