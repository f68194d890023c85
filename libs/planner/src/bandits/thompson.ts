/**
 * A bandit without context: each option won so often, and is chosen as often as it may be the best (Thompson 1933). Old
 * outcomes count less and less, so that it notices when another one has become better.
 */
import type { Draws } from "../chance/draws.ts";
import type { Choice, Chooser } from "./choice.ts";

export interface ThompsonOptions {
  readonly options: number;
  readonly draws: Draws;
  /** How many outcomes are remembered. */
  readonly memory?: number;
}

export class ThompsonBandit implements Chooser {
  readonly #wins: Float64Array;
  readonly #losses: Float64Array;
  readonly #draws: Draws;
  readonly #keep: number;

  constructor({ options, draws, memory = 1_000 }: ThompsonOptions) {
    this.#wins = new Float64Array(options);
    this.#losses = new Float64Array(options);
    this.#draws = draws;
    this.#keep = 1 - 1 / memory;
  }

  choose(): Choice {
    const expected = Array.from(this.#wins, (wins, at) => (wins + 1) / (wins + (this.#losses[at] ?? 0) + 2));
    const drawn = Array.from(this.#wins, (wins, at) =>
      this.#draws.beta(wins + 1, (this.#losses[at] ?? 0) + 1),
    );
    const option = drawn.indexOf(Math.max(...drawn));
    const best = expected.indexOf(Math.max(...expected));
    const seen = (this.#wins[best] ?? 0) + (this.#losses[best] ?? 0);
    return { option, expected, confidence: seen / (seen + 10), explored: option !== best, fallback: false };
  }

  /** Features say nothing here. */
  learn(option: number, _features: readonly number[], reward: number): void {
    this.#wins.forEach((wins, at) => {
      this.#wins[at] = wins * this.#keep + (at === option ? reward : 0);
      this.#losses[at] = (this.#losses[at] ?? 0) * this.#keep + (at === option ? 1 - reward : 0);
    });
  }
}
