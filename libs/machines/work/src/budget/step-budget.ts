import { bytesPerStepMax, changesPerStepMax, evaluationsPerStepMax } from "../limits.ts";

/** Remaining work of a step. A run with a hundred thousand ready tasks takes turns with others. */
export class StepBudget {
  /** Transitions of states since the last command, without a wait in between. */
  transitions: number;
  #changes = changesPerStepMax;
  #bytes = bytesPerStepMax;
  #evaluations = evaluationsPerStepMax;

  /** @param transitions number so far, of a run that continues a delayed step */
  constructor(transitions = 0) {
    this.transitions = transitions;
  }

  get isSpent(): boolean {
    return this.#changes <= 0 || this.#bytes <= 0 || this.#evaluations <= 0;
  }

  /** Counts a started task. */
  count(): void {
    this.#changes -= 1;
  }

  /** Counts written bytes. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Counts steps of expressions. */
  charge(steps: number): void {
    this.#evaluations -= steps;
  }
}
