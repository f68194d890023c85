import { bytesPerStepMax, changesPerStepMax, evaluationsPerStepMax } from "../limits.ts";

/** How much a step may still begin. A run with a hundred thousand tasks that are ready takes turns with others. */
export class StepBudget {
  /** How many transitions of states follow from what the run was told last, and waited for nothing. */
  transitions: number;
  #changes = changesPerStepMax;
  #bytes = bytesPerStepMax;
  #evaluations = evaluationsPerStepMax;

  /** @param transitions so far, where the run goes on with what it had put off */
  constructor(transitions = 0) {
    this.transitions = transitions;
  }

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
