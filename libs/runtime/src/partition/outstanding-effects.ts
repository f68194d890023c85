import type { DueEffect } from "../api.ts";

/**
 * The effects that an instance awaits, by their numbers, in the order of their arrival. Most instances await one at a
 * time, and a new one for each that is settled. A map would grow and shrink with every step.
 */
export class OutstandingEffects<Effect extends DueEffect> {
  /** The first effect. Undefined if it was settled before others. */
  #one: Effect | undefined;
  #others: Map<number, Effect> | undefined;

  get size(): number {
    return (this.#one === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  get(number: number): Effect | undefined {
    const one = this.#one;
    return one !== undefined && one.token.number === number ? one : this.#others?.get(number);
  }

  /** Replaces the one with the same number. */
  set(effect: Effect): void {
    const { number } = effect.token;
    const isFirst = this.#one === undefined ? this.#others === undefined : this.#one.token.number === number;
    if (isFirst) {
      this.#one = effect;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(number, effect);
  }

  delete(number: number): void {
    if (this.#one?.token.number === number) this.#one = undefined;
    else if (this.#others?.delete(number) === true && this.#others.size === 0) this.#others = undefined;
  }

  clear(): void {
    this.#one = undefined;
    this.#others = undefined;
  }

  *[Symbol.iterator](): Generator<Effect> {
    if (this.#one !== undefined) yield this.#one;
    if (this.#others !== undefined) yield* this.#others.values();
  }
}
