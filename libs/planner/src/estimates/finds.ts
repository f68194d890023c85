import { Recent } from "./recent.ts";

/** The prior counts like this number of ended tasks without a find. */
const shrinkage = 2;
const memory = 200;
const capabilitiesMax = 5_000;

/** Number of tasks that tasks of a kind find: a mean in which old ones count less. 0 for an unknown kind. */
export class FindEstimates {
  readonly #kinds = new Recent<{ found: number; ended: number }>(capabilitiesMax);

  /** Records an ended task with the number of its finds. */
  learn(capability: string, found: number): void {
    const kind = this.#kinds.getOrCreate(capability, () => ({ found: 0, ended: 0 }));
    const decay = 1 - 1 / memory;
    kind.found = kind.found * decay + found;
    kind.ended = kind.ended * decay + 1;
  }

  expected(capability: string): number {
    const { found = 0, ended = 0 } = this.#kinds.peek(capability) ?? {};
    return found / (ended + shrinkage);
  }
}
