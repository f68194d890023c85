import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Draws } from "../chance/draws.ts";
import type { Chooser, Features } from "./choice.ts";
import { LinearBandit } from "./linear.ts";
import { ThompsonBandit } from "./thompson.ts";

/** Mean reward missed per choice, against a chooser that knows the best in each case. */
function regretOf(
  chooser: Chooser,
  rounds: number,
  draws: Draws,
  rewards: (context: number) => readonly number[],
) {
  let regret = 0;
  let explored = 0;
  let late = 0;
  for (let round = 0; round < rounds; round++) {
    const context = draws.next();
    const means = rewards(context);
    const features: Features[] = means.map(() => [context]);
    const { option, explored: isExplored } = chooser.choose(features);
    const reward = Math.min(1, Math.max(0, (means[option] ?? 0) + 0.1 * draws.normal()));
    chooser.learn(option, features[option] ?? [], reward);
    const missed = Math.max(...means) - (means[option] ?? 0);
    regret += missed / rounds;
    if (round >= rounds / 2) late += missed / (rounds / 2);
    if (isExplored) explored++;
  }
  return { regret, late, explored };
}

/** The first is safe, the second better where there is much of the feature, the third never. */
const crossing = (context: number) => [0.5, 0.2 + 0.6 * context, 0.1];

describe("a contextual bandit", () => {
  it("finds the better option of each case, and explores no more than it may", () => {
    const bandit = new LinearBandit({ options: 3, features: 1, safe: 0, exploration: 0.1 });
    const { late, explored } = regretOf(bandit, 1_000, new Draws(1), crossing);
    assert.ok(late < 0.02, `misses ${late}`);
    assert.ok(explored > 0 && explored <= 100, `explored ${explored} times`);
  });

  it("misses less than a chooser that always takes one of them", () => {
    const fixed = [0, 1, 2].map((option) => {
      const draws = new Draws(2);
      let missed = 0;
      for (let round = 0; round < 1_000; round++) {
        const means = crossing(draws.next());
        missed += (Math.max(...means) - (means[option] ?? 0)) / 1_000;
      }
      return missed;
    });
    const bandit = new LinearBandit({ options: 3, features: 1, safe: 0 });
    const { regret } = regretOf(bandit, 1_000, new Draws(2), crossing);
    assert.ok(regret < Math.min(...fixed), `${regret} beside ${fixed}`);
  });

  it("takes the safe option while nothing is sure and it may not explore", () => {
    const bandit = new LinearBandit({ options: 3, features: 1, safe: 2, exploration: 0 });
    const { option, fallback, explored } = bandit.choose([[9], [9], [9]]);
    assert.deepEqual([option, fallback, explored], [2, true, false]);
  });

  it("chooses the same for the same cases", () => {
    const run = () =>
      regretOf(new LinearBandit({ options: 3, features: 1, safe: 0 }), 200, new Draws(3), crossing);
    assert.deepEqual(run(), run());
  });
});

describe("a bandit without context", () => {
  it("finds the best of five, and misses less the longer it runs", () => {
    const chooser = new ThompsonBandit({ options: 5, draws: new Draws(4), memory: 10_000 });
    const { regret, late } = regretOf(chooser, 2_000, new Draws(5), () => [0.3, 0.4, 0.5, 0.6, 0.75]);
    assert.ok(late < 0.02 && late < regret, `${late} of ${regret}`);
  });

  it("notices when another has become the best", () => {
    const chooser = new ThompsonBandit({ options: 2, draws: new Draws(6), memory: 100 });
    regretOf(chooser, 500, new Draws(7), () => [0.8, 0.4]);
    const { late } = regretOf(chooser, 1_000, new Draws(8), () => [0.2, 0.7]);
    assert.ok(late < 0.05, `misses ${late}`);
  });
});
