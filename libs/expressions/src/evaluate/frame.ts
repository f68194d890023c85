import { Fault } from "../problem.ts";
import type { Value } from "../values/value.ts";

/** Returns the value of a variable by its index in the references. Undefined if it has none. */
export type ReadVariable = (reference: number) => Value | undefined;

/** State of one evaluation: variables, loop variables, and remaining steps. */
export class Frame {
  readonly locals: Value[] = [];
  readonly #read: ReadVariable;
  readonly #values: (Value | undefined)[] = [];
  readonly #stepsMax: number;
  #remainingSteps: number;

  constructor(read: ReadVariable, stepsMax: number) {
    this.#read = read;
    this.#stepsMax = stepsMax;
    this.#remainingSteps = stepsMax;
  }

  get stepsUsed(): number {
    return this.#stepsMax - this.#remainingSteps;
  }

  /** Charges steps. Every slow operation is charged before it runs. */
  charge(steps: number, at: number): void {
    this.#remainingSteps -= steps;
    if (this.#remainingSteps < 0) this.#exhausted(at);
  }

  /** Reads each variable once: reading may parse a payload. */
  variable(reference: number): Value | undefined {
    const known = this.#values[reference];
    if (known !== undefined) return known;
    const value = this.#read(reference);
    this.#values[reference] = value;
    return value;
  }

  /** Returns a value that was read before. A message must not trigger another read. */
  known(reference: number): Value | undefined {
    return this.#values[reference];
  }

  #exhausted(at: number): never {
    this.#remainingSteps = 0;
    throw new Fault(
      "steps_exhausted",
      at,
      `expected an end within ${this.#stepsMax} steps, got none`,
      "smaller lists, fewer loops inside loops, or the work done by a task",
    );
  }
}

/** A compiled part of an expression. */
export type Evaluate = (frame: Frame) => Value;
