import type { Chance } from "@tutti/kernel";

/** Draws random values. */
export class Draw {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  share(): number {
    return this.#chance.random();
  }

  upTo(count: number): number {
    return Math.floor(this.#chance.random() * count);
  }

  happens(share: number): boolean {
    return this.#chance.random() < share;
  }

  pick<T>(...of: readonly [T, ...T[]]): T {
    return of[this.upTo(of.length)] ?? of[0];
  }
}
