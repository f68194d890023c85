/**
 * A contextual bandit: the reward of each option is a line over its features, learned by ridge regression. If it may
 * explore, it adds the uncertainty (LinUCB, Li et al. 2010).
 *
 * 1. At most a set share of choices explores. The others take what is expected to be best.
 * 2. As long as the best is less sure than `confidenceLeast`, and exploring is not allowed, the safe option is chosen.
 * 3. No chance: the same cases in the same order give the same choices.
 */
import { Regression } from "../structures/regression.ts";
import type { Choice, Chooser, Features } from "./choice.ts";

export interface LinearOptions {
  readonly options: number;
  readonly features: number;
  /** Index of the option that does no harm. */
  readonly safe: number;
  /** Share of choices that may explore: 0 to 1. */
  readonly exploration?: number;
  /** How many deviations of uncertainty count when exploring. */
  readonly optimism?: number;
  /** Below this confidence the safe option is chosen: 0 to 1. */
  readonly confidenceLeast?: number;
}

export class LinearBandit implements Chooser {
  readonly #lines: readonly Regression[];
  readonly #settings: Required<LinearOptions>;
  #choices = 0;
  #explorations = 0;

  constructor(options: LinearOptions) {
    this.#settings = { exploration: 0.1, optimism: 1, confidenceLeast: 0.2, ...options };
    this.#lines = Array.from({ length: options.options }, () => new Regression(options.features + 1));
  }

  choose(features: readonly Features[]): Choice {
    const { exploration, optimism, confidenceLeast, safe } = this.#settings;
    this.#choices++;
    const expected = this.#lines.map((line, option) => line.expected([1, ...(features[option] ?? [])]));
    const unsure = this.#lines.map((line, option) => line.deviation([1, ...(features[option] ?? [])]));
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
    this.#lines[option]?.learn([1, ...features], reward);
  }
}

function greatest(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > (values[best] ?? 0) ? at : best), 0);
}
