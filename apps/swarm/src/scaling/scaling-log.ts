/** What a scaler has decided, newest first, as far back as is kept. It is lost with this process, like the rest of a pool. */
import type { Scaling } from "@tutti/contracts/swarm/v1";

const keptMax = 1_000;

export class ScalingLog {
  #all: Scaling[] = [];
  #number = 0;

  get newestFirst(): readonly (Scaling & { readonly number: number })[] {
    return this.#all.map((scaling, index) => ({ ...scaling, number: this.#number - index }));
  }

  add(scaling: Scaling): void {
    this.#number++;
    this.#all.unshift(scaling);
    if (this.#all.length > keptMax) this.#all.pop();
  }
}
