import type { LearnedChoice, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Experience } from "./state.ts";

export interface NewsWanted {
  /** What the caller has learned from already. */
  readonly count: number;
  readonly choiceCount: number;
  readonly forgottenCount: number;
}

export interface ExperienceNews {
  readonly outcomes: readonly ReadOnly<LearnedOutcome>[];
  readonly choices: readonly ReadOnly<LearnedChoice>[];
  readonly count: number;
  readonly choiceCount: number;
  readonly forgottenCount: number;
  /** The live models of capabilities that are not predicted by the usual one. */
  readonly models: Readonly<Record<string, string>>;
  /** These are all there are: who has learned from others restarts. */
  readonly isAnew: boolean;
}

/** What has come since. */
export const experienceNews: Query<Experience, NewsWanted, ExperienceNews> = {
  type: "experience_news",
  answer({ outcomes, choices, models, count, choiceCount, forgottenCount }, known) {
    const missing = count - known.count;
    const missingChoices = choiceCount - known.choiceCount;
    const isKept = (wanted: number, kept: readonly unknown[]) => wanted >= 0 && wanted <= kept.length;
    const isAnew =
      known.forgottenCount !== forgottenCount ||
      !isKept(missing, outcomes) ||
      !isKept(missingChoices, choices);
    return {
      outcomes: isAnew ? outcomes : outcomes.slice(outcomes.length - missing),
      choices: isAnew ? choices : choices.slice(choices.length - missingChoices),
      count,
      choiceCount,
      forgottenCount,
      isAnew,
      models: Object.fromEntries([...models].flatMap(([id, { live }]) => (live === "" ? [] : [[id, live]]))),
    };
  },
};
