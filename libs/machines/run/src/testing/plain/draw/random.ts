/** Draws from a stream of chance. */
import type { Chance } from "@tutti/kernel";

/** What a definition may have beside plain tasks. Each drawn run has some of it. */
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
   * @param wanted features that there may be
   * @param share of these are there
   */
  constructor(chance: Chance, wanted: readonly Feature[], share = featureShare) {
    this.#chance = chance;
    // Runs with a few of them are easier to understand, and go further into each.
    this.#features = new Set(wanted.filter(() => chance.random() < share));
  }

  may(feature: Feature): boolean {
    return this.#features.has(feature);
  }

  happens(share: number): boolean {
    return this.#chance.random() < share;
  }

  /** From `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() * (to - from + 1));
  }

  /** Small numbers come more often. */
  skewed(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() ** 1.7 * (to - from + 1));
  }

  share(): number {
    return this.#chance.random();
  }

  one<T>(...of: readonly [T, ...T[]]): T {
    return of[this.whole(0, of.length - 1)] ?? of[0];
  }
}

const featureShare = 0.4;
