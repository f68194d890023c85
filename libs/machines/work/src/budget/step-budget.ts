import { bytesPerStepMax, changesPerStepMax, evaluationsPerStepMax } from "../limits.ts";

/** How much a step may still start. A run with a hundred thousand tasks that are ready takes turns with others. */
export class StepBudget {
  /** Transitions of states since the last command, without a wait in between. */
  transitions: number;
  #changes = changesPerStepMax;
  #bytes = bytesPerStepMax;
  #evaluations = evaluationsPerStepMax;

  /** @param transitions so far, of a run that continues a step it put off */
  constructor(transitions = 0) {
    this.transitions = transitions;
  }

  get isSpent(): boolean {
    return this.#changes <= 0 || this.#bytes <= 0 || this.#evaluations <= 0;
  }

  /** One more task starts. */
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
