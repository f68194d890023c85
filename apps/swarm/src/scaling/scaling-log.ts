/** The decisions of a scaler, newest first: those stored with the pool, and later ones. */
import type { Scaling } from "@tutti/contracts/swarm/v1";

const scalingsMax = 1_000;

export class ScalingLog {
  #all: Scaling[];
  #number: number;

  /** @param past the newest last */
  constructor(past: readonly Scaling[]) {
    this.#all = [...past].reverse();
    this.#number = past.length;
  }

  get newestFirst(): readonly (Scaling & { readonly number: number })[] {
    return this.#all.map((scaling, index) => ({ ...scaling, number: this.#number - index }));
  }

  add(scaling: Scaling): void {
    this.#number++;
    this.#all.unshift(scaling);
    if (this.#all.length > scalingsMax) this.#all.pop();
  }
}
