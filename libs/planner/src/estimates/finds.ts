import { Recent } from "./recent.ts";

/** So many ended tasks without a find weigh as much as nothing known. */
const shrinkage = 2;
const memory = 200;
const capabilitiesMax = 5_000;

/** How many tasks those of a kind find while they are done: a mean, in which old ones count less. Who was never seen finds none. */
export class FindEstimates {
  readonly #kinds = new Recent<{ found: number; ended: number }>(capabilitiesMax);

  /** A task has ended, and had found so many. */
  learn(capability: string, found: number): void {
    const kind = this.#kinds.take(capability, () => ({ found: 0, ended: 0 }));
    const keep = 1 - 1 / memory;
    kind.found = kind.found * keep + found;
    kind.ended = kind.ended * keep + 1;
  }

  expected(capability: string): number {
    const { found = 0, ended = 0 } = this.#kinds.peek(capability) ?? {};
    return found / (ended + shrinkage);
  }
}
