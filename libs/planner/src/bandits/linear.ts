/**
 * A contextual bandit: the reward of each option is a line over its features, learned by ridge regression, and whoever may explore
 * adds what is not sure (LinUCB, Li et al. 2010).
 *
 * 1. At most a set share of choices explores; the others take what is expected to be best.
 * 2. As long as the best is less sure than `confidenceLeast`, and exploring is not allowed, the safe option is chosen.
 * 3. No chance: the same cases in the same order give the same choices.
 */
import type { Choice, Chooser, Features } from "./choice.ts";

export interface LinearOptions {
  readonly options: number;
  readonly features: number;
  /** Index of the option that does no harm. */
  readonly safe: number;
  /** Share of choices that may explore: 0 to 1. */
  readonly exploration?: number;
  /** How many deviations what is not sure counts when exploring. */
  readonly optimism?: number;
  /** Below this confidence the safe option is chosen: 0 to 1. */
  readonly confidenceLeast?: number;
}

export class LinearBandit implements Chooser {
  readonly #lines: readonly Line[];
  readonly #settings: Required<LinearOptions>;
  #choices = 0;
  #explorations = 0;

  constructor(options: LinearOptions) {
    this.#settings = { exploration: 0.1, optimism: 1, confidenceLeast: 0.2, ...options };
    this.#lines = Array.from({ length: options.options }, () => new Line(options.features));
  }

  choose(features: readonly Features[]): Choice {
    const { exploration, optimism, confidenceLeast, safe } = this.#settings;
    this.#choices++;
    const expected = this.#lines.map((line, option) => line.expected(features[option] ?? []));
    const unsure = this.#lines.map((line, option) => line.deviation(features[option] ?? []));
    const best = greatest(expected);
    const hopeful = greatest(expected.map((value, option) => value + optimism * (unsure[option] ?? 0)));
    const confidence = 1 / (1 + (unsure[best] ?? 0) ** 2 * this.#lines.length);
    if (hopeful !== best && this.#explorations < exploration * this.#choices) {
      this.#explorations++;
      return { option: hopeful, expected, confidence, explored: true, fallback: false };
    }
    const fallback = confidence < confidenceLeast;
    return { option: fallback ? safe : best, expected, confidence, explored: false, fallback };
  }

  learn(option: number, features: Features, reward: number): void {
    this.#lines[option]?.learn(features, reward);
  }
}

/** Ridge regression that learns one case at a time: the inverse is kept up to date (Sherman and Morrison). */
class Line {
  readonly #size: number;
  readonly #inverse: Float64Array;
  readonly #sums: Float64Array;

  constructor(features: number) {
    // The first is 1 in each case.
    this.#size = features + 1;
    this.#inverse = new Float64Array(this.#size * this.#size);
    for (let at = 0; at < this.#size; at++) this.#inverse[at * this.#size + at] = 1;
    this.#sums = new Float64Array(this.#size);
  }

  expected(features: Features): number {
    return dot(this.#times(this.#sums), this.#full(features));
  }

  deviation(features: Features): number {
    const full = this.#full(features);
    return Math.sqrt(Math.max(0, dot(this.#times(full), full)));
  }

  learn(features: Features, reward: number): void {
    const full = this.#full(features);
    const turned = this.#times(full);
    const scale = 1 + dot(turned, full);
    for (let row = 0; row < this.#size; row++) {
      for (let column = 0; column < this.#size; column++) {
        const at = row * this.#size + column;
        this.#inverse[at] = (this.#inverse[at] ?? 0) - ((turned[row] ?? 0) * (turned[column] ?? 0)) / scale;
      }
      this.#sums[row] = (this.#sums[row] ?? 0) + reward * (full[row] ?? 0);
    }
  }

  #full(features: Features): Float64Array {
    const full = new Float64Array(this.#size);
    full[0] = 1;
    full.set(features.slice(0, this.#size - 1), 1);
    return full;
  }

  #times(vector: Float64Array): Float64Array {
    return Float64Array.from({ length: this.#size }, (_, row) =>
      dot(this.#inverse.subarray(row * this.#size, (row + 1) * this.#size), vector),
    );
  }
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}

function greatest(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > (values[best] ?? 0) ? at : best), 0);
}
