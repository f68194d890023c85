import type { Json } from "@tutti/expressions";
import { limits } from "../limits.ts";

/** Thrown when a check has taken all its steps. The caller of the check converts it to a problem. */
export class StepsExhausted {
  readonly stepsMax: number;

  constructor(stepsMax: number) {
    this.stepsMax = stepsMax;
  }
}

/** Counts the steps of a check, so that no text lets it run for ever. */
export class Steps {
  readonly #max: number;
  #count = 0;

  constructor(max: number = limits.stepsMax) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  charge(count: number): void {
    this.#count += count;
    if (this.#count > this.#max) throw new StepsExhausted(this.#max);
  }

  /** A step for every part of a value. */
  chargeFor(value: Json): void {
    const open: Json[] = [value];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      this.charge(1);
      if (typeof next !== "object" || next === null) continue;
      for (const inner of Object.values(next)) open.push(inner);
    }
  }
}
