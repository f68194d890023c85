/**
 * Waits of the code for anything other than a step. They are in no journal: a fast one is worth a warning, a slow one ends
 * the turn with the line of the wait.
 */
import { AwaitTrace } from "./location.ts";

/** Shorter waits are not worth a line in the log. */
const warnedMs = 10;

export class ForeignWait {
  #sinceMs: number | undefined;
  #hasWarned = false;
  #lastAt = "";
  #trace: AwaitTrace | undefined;

  /** The line of the last step. */
  get after(): string {
    return this.#lastAt || "its start";
  }

  /** The line of the wait, as far as it is known. */
  get location(): string {
    return this.#trace?.at ? `at ${this.#trace.at}` : `after ${this.after}`;
  }

  /** A traced turn finds the line of the wait. */
  trace(isTraced: boolean): void {
    this.#trace = isTraced ? new AwaitTrace() : undefined;
  }

  /** The code has control. */
  enter(): void {
    this.#trace?.enter();
  }

  leave(): void {
    this.#trace?.leave();
  }

  step(at: string): void {
    this.#lastAt = at || this.#lastAt;
  }

  start(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** Ends the wait. Returns its duration if it is worth a warning, which it is once. */
  finish(nowMs: number): number | undefined {
    const sinceMs = this.#sinceMs;
    this.#sinceMs = undefined;
    if (sinceMs === undefined || this.#hasWarned || nowMs - sinceMs < warnedMs) return undefined;
    this.#hasWarned = true;
    return Math.round(nowMs - sinceMs);
  }
}
