/** Draws from a random stream. */
import type { Chance } from "@tutti/kernel";

/** Features that a definition may have besides plain tasks. Each drawn run has some of them. */
export const features = [
  "approve",
  "cache",
  "checks",
  "continue",
  "limits",
  "pause",
  "repair",
  "reset",
  "retry",
  "rules",
  "sendBack",
  "spawn",
  "states",
  "timeouts",
  "updates",
] as const;

export type Feature = (typeof features)[number];

export class Random {
  readonly #chance: Chance;
  readonly #features: ReadonlySet<Feature>;

  /**
   * @param allowed features that it may have
   * @param share share of them that it has
   */
  constructor(chance: Chance, allowed: readonly Feature[], share = featureShare) {
    this.#chance = chance;
    // Runs with few features are easier to understand, and test each one in more depth.
    this.#features = new Set(allowed.filter(() => chance.random() < share));
  }

  may(feature: Feature): boolean {
    return this.#features.has(feature);
  }

  happens(share: number): boolean {
    return this.#chance.random() < share;
  }

  /** Returns a whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() * (to - from + 1));
  }

  /** Small numbers come more often. */
  skewed(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() ** 1.7 * (to - from + 1));
  }

  share(): number {
    return this.#chance.random();
  }

  pick<T>(...of: readonly [T, ...T[]]): T {
    return of[this.integer(0, of.length - 1)] ?? of[0];
  }
}

const featureShare = 0.4;
