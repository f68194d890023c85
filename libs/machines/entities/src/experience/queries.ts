import type { LearnedChoice, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Experience } from "./state.ts";

export interface NewsWanted {
  /** Position up to which the caller has learned. */
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
  /** Live models of capabilities that do not have the usual one. */
  readonly models: Readonly<Record<string, string>>;
  /** Whether this is all experience: a caller that has learned from other experience restarts. */
  readonly isAnew: boolean;
}

/** Returns the experience since a position. */
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
