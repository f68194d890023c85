/** Numbers for the targets of a service, reused when one goes: metrics are labelled with them and stay bounded. */
export class Slots {
  readonly #max: number;
  readonly #taken = new Map<string, Set<number>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns the lowest free one. Undefined when all are taken. */
  acquire(service: string): number | undefined {
    const taken = this.#taken.get(service) ?? new Set();
    this.#taken.set(service, taken);
    for (let slot = 0; slot < this.#max; slot++) {
      if (taken.has(slot)) continue;
      taken.add(slot);
      return slot;
    }
    return undefined;
  }

  free(service: string, slot: number | undefined): void {
    if (slot !== undefined) this.#taken.get(service)?.delete(slot);
  }
}
