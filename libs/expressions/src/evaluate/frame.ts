import { Fault } from "../problem.ts";
import type { Value } from "../values/value.ts";

/** Gives the value of a variable by its place among the expression's references. Undefined when it has none. */
export type ReadVariable = (reference: number) => Value | undefined;

/** What one evaluation works on: variables as they are read, variables of loops, and how many steps are left. */
export class Frame {
  readonly locals: Value[] = [];
  readonly #read: ReadVariable;
  readonly #values: (Value | undefined)[] = [];
  readonly #stepsMax: number;
  #left: number;

  constructor(read: ReadVariable, stepsMax: number) {
    this.#read = read;
    this.#stepsMax = stepsMax;
    this.#left = stepsMax;
  }

  get stepsUsed(): number {
    return this.#stepsMax - this.#left;
  }

  /** Everything that takes time pays for it first. */
  charge(steps: number, at: number): void {
    this.#left -= steps;
    if (this.#left < 0) this.#exhausted(at);
  }

  /** Reads each variable once: reading one may mean to parse a payload. */
  variable(reference: number): Value | undefined {
    const known = this.#values[reference];
    if (known !== undefined) return known;
    const value = this.#read(reference);
    this.#values[reference] = value;
    return value;
  }

  /** What was read so far. Reading is not tried again for the sake of a message. */
  known(reference: number): Value | undefined {
    return this.#values[reference];
  }

  #exhausted(at: number): never {
    this.#left = 0;
    throw new Fault(
      "steps_exhausted",
      at,
      `expected an end within ${this.#stepsMax} steps, found none`,
      "smaller lists, fewer loops inside loops, or the work done by a task",
    );
  }
}

/** A compiled part of an expression. */
export type Evaluate = (frame: Frame) => Value;
