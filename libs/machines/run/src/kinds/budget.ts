import { bytesPerStepMax, changesPerStepMax, evaluationsPerStepMax } from "../limits.ts";

/** How much a step may still begin. A run with a hundred thousand tasks that are ready takes turns with others. */
export class Budget {
  #changes = changesPerStepMax;
  #bytes = bytesPerStepMax;
  #evaluations = evaluationsPerStepMax;

  get isSpent(): boolean {
    return this.#changes <= 0 || this.#bytes <= 0 || this.#evaluations <= 0;
  }

  /** One thing more is begun. */
  count(): void {
    this.#changes -= 1;
  }

  /** So many bytes more are written. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Steps of expressions. */
  charge(steps: number): void {
    this.#evaluations -= steps;
  }
}
