/** What could be chosen, with what is known of it before: features like width, depth, load. */
export type Features = readonly number[];

/** A choice, and why. */
export interface Choice {
  /** Index of the option. */
  readonly option: number;
  /** The expected reward of each option, by what was learned. */
  readonly expected: readonly number[];
  /** 0 to 1: how small the uncertainty is against the differences between the options. */
  readonly confidence: number;
  /** Made to learn, not because it seemed best. */
  readonly explored: boolean;
  /** The safe one, because nothing was sure. */
  readonly fallback: boolean;
}

/** Chooses among a fixed number of options, and learns what came of it. Rewards lie between 0 and 1. */
export interface Chooser {
  /** One row of features per option: what is known of it in this case. */
  choose(features: readonly Features[]): Choice;
  learn(option: number, features: Features, reward: number): void;
}
