import type { DueEffect } from "../api.ts";

/**
 * The effects that an instance awaits, by their numbers, in the order of their arrival. Most instances await one at a
 * time, and a new one for each that is settled. A map would grow and shrink with every step.
 */
export class OutstandingEffects<Effect extends DueEffect> {
  /** The first effect. Undefined if it was settled before others. */
  #first: Effect | undefined;
  #others: Map<number, Effect> | undefined;

  get size(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  get(number: number): Effect | undefined {
    const first = this.#first;
    return first !== undefined && first.token.number === number ? first : this.#others?.get(number);
  }

  /** Replaces the one with the same number. */
  set(effect: Effect): void {
    const { number } = effect.token;
    const isFirst =
      this.#first === undefined ? this.#others === undefined : this.#first.token.number === number;
    if (isFirst) {
      this.#first = effect;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(number, effect);
  }

  delete(number: number): void {
    if (this.#first?.token.number === number) this.#first = undefined;
    else if (this.#others?.delete(number) === true && this.#others.size === 0) this.#others = undefined;
  }

  clear(): void {
    this.#first = undefined;
    this.#others = undefined;
  }

  *[Symbol.iterator](): Generator<Effect> {
    if (this.#first !== undefined) yield this.#first;
    if (this.#others !== undefined) yield* this.#others.values();
  }
}
